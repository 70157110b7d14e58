/**
 * Octets as a dump: where, eight octets in hexadecimal, and what of them is ASCII. What is pointed at, or reached with the arrow
 * keys, is named with the field that it belongs to, and so is the line of the details that says the same.
 */

import { counted } from '../../trace/counted.ts'
import type { PacketOctets } from '../../trace/packed-packets.ts'
import { make } from './dom.ts'
import { type OctetField, octetFields } from './octet-fields.ts'

const ROW = 8
const STEPS: Readonly<Record<string, 1 | -1>> = { ArrowRight: 1, ArrowLeft: -1 }

export class OctetsView {
  readonly element: HTMLElement
  readonly #fields: readonly OctetField[]
  /** What was drawn of each field. */
  readonly #spans: HTMLElement[][]
  readonly #told = make('p', { class: 'octets-field', role: 'status' })
  readonly #onField: (detail: string | null) => void
  /** The field that is named, or -1. */
  #named = -1

  /** @param onField another field is named: its line in the details, if there is one */
  constructor(packet: PacketOctets, onField: (detail: string | null) => void) {
    this.#onField = onField
    this.#fields = octetFields(packet)
    this.#spans = this.#fields.map(() => [])
    const dump = make('pre', {
      ...{ class: 'octets', tabindex: 0, role: 'group', 'aria-label': 'Octets; arrow keys name the fields' },
      pointerover: (event: PointerEvent) => this.#name(this.#at(event.target)),
      pointerleave: () => this.#name(-1),
      keydown: (event: KeyboardEvent) => this.#key(event),
    })
    const { octets } = packet
    for (let at = 0; at < octets.length; at += ROW) dump.append(...this.#row(octets, at))
    this.element = make('div', { class: 'octets-view' }, dump, leftOut(packet), this.#told)
    this.#tell('Point at an octet to see its field.')
  }

  /** Marks the octets of all fields that a line of the details speaks of. */
  mark(detail: string | null): void {
    this.#fields.forEach((field, k) => {
      const isMarked = k === this.#named || (detail !== null && field.detail === detail)
      for (const span of this.#spans[k]!) span.classList.toggle('marked', isMarked)
    })
  }

  #row(octets: Uint8Array, at: number): (HTMLElement | string)[] {
    const end = Math.min(at + ROW, octets.length)
    const first = at === 0 ? '' : '\n'
    const pad = ' '.repeat((at + ROW - end) * 3)
    const hex = this.#part(at, end, ' ', (k) => octets[k]!.toString(16).padStart(2, '0'))
    const ascii = this.#part(at, end, '', (k) => asciiOf(octets[k]!))
    return [`${first}${at.toString(16).padStart(4, '0')}  `, ...hex, `${pad}  `, ...ascii]
  }

  /** Octets of a row, a span for each field. */
  #part(at: number, end: number, between: string, text: (k: number) => string): (HTMLElement | string)[] {
    const parts: (HTMLElement | string)[] = []
    let k = this.#fields.findIndex(({ to }) => to > at)
    for (let from = at; from < end; k++) {
      const to = Math.min(this.#fields[k]!.to, end)
      const words = Array.from({ length: to - from }, (_, i) => text(from + i)).join(between)
      const span = make('span', { 'data-field': k, class: k % 2 === 0 ? 'even' : null }, words)
      this.#spans[k]!.push(span)
      if (parts.length > 0) parts.push(between)
      parts.push(span)
      from = to
    }
    return parts
  }

  #at(target: EventTarget | null): number {
    const span = target instanceof Element ? target.closest('[data-field]') : null
    return span === null ? -1 : Number(span.getAttribute('data-field'))
  }

  #name(place: number): void {
    if (place === this.#named) return
    this.#named = place
    const field = this.#fields[place]
    this.mark(null)
    this.#onField(field?.detail ?? null)
    if (field === undefined) return
    const { name, value, from, to } = field
    const octets = to - from === 1 ? `octet ${from}` : `octets ${from} to ${to - 1}`
    this.#tell(`${name}${value === '' ? '' : `: ${value}`} (${octets})`)
  }

  #tell(words: string): void {
    this.#told.textContent = words
  }

  #key(event: KeyboardEvent): void {
    const step = STEPS[event.key]
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    const place = Math.max(0, Math.min(this.#fields.length - 1, this.#named + step))
    this.#name(place)
    this.#spans[place]?.[0]?.scrollIntoView({ block: 'nearest' })
    event.preventDefault()
  }
}

function asciiOf(octet: number): string {
  return octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : '.'
}

/** What of the packet is not there, and why. */
function leftOut({ octets, captured, onWire }: PacketOctets): HTMLElement | null {
  const words = []
  if (captured > octets.length)
    words.push(`${counted(captured - octets.length, 'octet')} of payload not in this file.`)
  if (onWire > captured) words.push(`${counted(onWire - captured, 'octet')} not captured.`)
  return words.length === 0 ? null : make('p', { class: 'hint' }, words.join(' '))
}
