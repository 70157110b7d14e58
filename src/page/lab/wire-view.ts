/**
 * The wire as it is at the cursor: two hosts with their states, and the packets between them where they are. A click on a
 * packet chooses it. For eyes only: the list of events has all of it in words.
 */

import { arrowHead, cross, path } from '../../svg/marks.ts'
import { element, escaped, textAt } from '../../svg/markup.ts'
import { fixedWidth } from '../../svg/text-width.ts'
import { controlNames } from '../../trace/segment-text.ts'
import { FIN, RST, SYN } from '../../wire/segment.ts'
import { make, setMarkup } from '../views/dom.ts'
import type { IndexedMessage, MessageIndex } from '../views/message-index.ts'
import type { LabState } from './lab-state.ts'

const HEIGHT = 116
const HOST_WIDTH = 132
const LANES = { 0: 40, 1: 82 } as const
/** Packets that are drawn at once; more stand so close that nobody tells them apart. */
const MOST = 250
/** How long a packet is seen whose way is not known, or that took no time, microseconds. */
const LEAST_FLIGHT_US = 4000
/** A lost packet gets so far. */
const LOST_SHARE = 0.55

interface Flight {
  readonly indexed: IndexedMessage
  readonly fromUs: number
  readonly untilUs: number
}

export class WireView {
  readonly element: HTMLElement
  onPacket: (indexed: IndexedMessage) => void = () => {}
  readonly #state: LabState
  readonly #picture = make('div', { class: 'picture wire-picture' })
  #flights: readonly Flight[] = []
  #longestUs = 0
  #width = 0
  #drawn = ''
  #inSight: readonly Flight[] = []

  constructor(state: LabState) {
    this.#state = state
    this.element = make('div', { class: 'wire', 'aria-hidden': 'true' }, this.#picture)
    this.#picture.addEventListener('click', (event) => this.#click(event))
    state.on('cursor', () => this.draw())
    // The width is asked for once: a film must not wait for the layout.
    new ResizeObserver(() => {
      this.#width = this.#picture.clientWidth
      this.draw()
    }).observe(this.element)
  }

  /** The messages of the connection that is shown. */
  show(index: MessageIndex): void {
    const flown = index.messages
      .map(({ message }) => message.arrivedUs - message.sentUs)
      .filter((us) => us > 0)
    const usual = flown.length === 0 ? LEAST_FLIGHT_US : flown.sort((a, b) => a - b)[flown.length >> 1]!
    this.#flights = index.messages.map((indexed) => {
      const { sentUs, arrivedUs, fate } = indexed.message
      const isKnown = fate !== 'lost' && arrivedUs > sentUs
      const us = isKnown ? arrivedUs - sentUs : fate === 'lost' ? usual * LOST_SHARE : usual
      return {
        indexed,
        fromUs: isKnown || fate === 'lost' ? sentUs : sentUs - us,
        untilUs: (isKnown ? arrivedUs : sentUs) + (fate === 'lost' ? us : 0),
      }
    })
    this.#longestUs = this.#flights.reduce((most, { fromUs, untilUs }) => Math.max(most, untilUs - fromUs), 0)
    this.draw()
  }

  draw(): void {
    const width = this.#width
    if (width === 0 || this.#state.shown === null) return
    const { us } = this.#state.cursor
    this.#inSight = this.#seenAt(us)
    const [left, right] = [HOST_WIDTH, width - HOST_WIDTH]
    const packets = this.#inSight
      .map((flight, place) => this.#packet(flight, place, us, left, right))
      .join('')
    const markup = element(
      'svg',
      { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT },
      lane(left, right, LANES[0]),
      lane(right, left, LANES[1]),
      packets,
      this.#host(0, 0),
      this.#host(1, width - HOST_WIDTH),
    )
    if (markup === this.#drawn) return
    this.#drawn = markup
    setMarkup(this.#picture, markup)
  }

  /** Flights begin in their order, so that only those of the last while can still be in the air. */
  #seenAt(us: number): Flight[] {
    let low = 0
    let high = this.#flights.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#flights[middle]!.indexed.message.sentUs <= us + LEAST_FLIGHT_US) low = middle + 1
      else high = middle
    }
    const seen: Flight[] = []
    for (let i = low - 1; i >= 0 && seen.length < MOST; i--) {
      const flight = this.#flights[i]!
      if (flight.indexed.message.sentUs < us - 2 * this.#longestUs) break
      if (flight.fromUs <= us && us <= flight.untilUs) seen.push(flight)
    }
    return seen
  }

  #packet(flight: Flight, place: number, us: number, left: number, right: number): string {
    const { message } = flight.indexed
    const span = Math.max(1, flight.untilUs - flight.fromUs)
    const isLost = message.fate === 'lost'
    const share = ((us - flight.fromUs) / span) * (isLost ? LOST_SHARE : 1)
    const label = labelOf(flight.indexed)
    const half = fixedWidth(label, 11) / 2 + 5
    const [near, far] = [left + half, right - half]
    const [from, to] = message.from === 0 ? [near, far] : [far, near]
    const x = from + (to - from) * share
    const y = LANES[message.from]
    const kind = (message.segment.flags & RST) !== 0 ? 'reset' : message.segment.length > 0 ? 'data' : 'bare'
    const isEnding = isLost && share > LOST_SHARE * 0.8
    return element(
      'g',
      { class: `packet ${kind} ${message.from === 0 ? 'from-left' : 'from-right'}`, 'data-place': place },
      element('title', {}, escaped(label)),
      element('rect', { x: x - half, y: y - 12, width: half * 2, height: 22, rx: 5 }),
      textAt(x, y + 3, label, { 'text-anchor': 'middle', class: 'packet-label' }),
      isEnding ? path(cross(x, y - 1, 10), 'lost-mark') : '',
    )
  }

  #host(side: 0 | 1, x: number): string {
    const { pair, shown } = this.#state
    const end = side === 0 ? pair?.left : pair?.right
    const name = end?.host ?? (side === 0 ? 'left' : 'right')
    const state = this.#state.stateOf(side) ?? ''
    const middle = x + HOST_WIDTH / 2
    const address = shown?.addresses[name] ?? ''
    return element(
      'g',
      { class: 'host' },
      element('rect', { x: x + 4, y: 6, width: HOST_WIDTH - 8, height: HEIGHT - 12, rx: 8 }),
      textAt(middle, 34, shortened(name, 15), { 'text-anchor': 'middle', class: 'words host-name' }),
      textAt(middle, 54, shortened(address, 17), { 'text-anchor': 'middle', class: 'tick' }),
      textAt(middle, 88, state, { 'text-anchor': 'middle', class: 'host-state' }),
    )
  }

  #click(event: MouseEvent): void {
    const target = event.target instanceof Element ? event.target.closest('[data-place]') : null
    const flight =
      target === null ? this.#nearest(event) : this.#inSight[Number(target.getAttribute('data-place'))]
    if (flight !== undefined) this.onPacket(flight.indexed)
  }

  /** A packet moves: who clicks where it was a moment ago means it. */
  #nearest(event: MouseEvent): Flight | undefined {
    const box = this.#picture.getBoundingClientRect()
    const [x, y] = [event.clientX - box.left, event.clientY - box.top]
    const { us } = this.#state.cursor
    const away = ({ indexed, fromUs, untilUs }: Flight): number => {
      const share = (us - fromUs) / Math.max(1, untilUs - fromUs)
      const room = this.#width - 2 * HOST_WIDTH
      const at = HOST_WIDTH + room * (indexed.message.from === 0 ? share : 1 - share)
      return Math.hypot(at - x, LANES[indexed.message.from] - y)
    }
    const [nearest] = [...this.#inSight].sort((a, b) => away(a) - away(b))
    return nearest !== undefined && away(nearest) < 40 ? nearest : undefined
  }
}

function lane(from: number, to: number, y: number): string {
  return (
    path(`M${from} ${y}H${to}`, 'lane') +
    element('path', { d: arrowHead(from, y, to, y, 9), class: 'lane-head' })
  )
}

function labelOf({ message }: IndexedMessage): string {
  const { flags, length } = message.segment
  const control = controlNames(flags & (SYN | FIN | RST))
  const parts = [control, length > 0 ? `${length}` : '']
  const text = parts.filter((part) => part !== '').join(' ')
  return text === '' ? 'ACK' : text
}

function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`
}
