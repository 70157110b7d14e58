/**
 * The timers of both ends, from start to end. Records tell of every expiry but not of each start: a retransmission timer
 * starts with nearly every segment. Those starts follow from the segments (RFC 6298 5.1 to 5.5, RFC 9293 3.8.6.3).
 */

import { durationText } from '../../svg/scale.ts'
import type { TimerName } from '../../trace/events.ts'
import { ACK, FIN, SYN } from '../../wire/segment.ts'
import { seqDiff } from '../../wire/seq.ts'
import type { LadderItem, Message } from '../ladder-messages.ts'
import type { Row } from '../ladder-rows.ts'
import { isInferred, type SeenAt } from '../seen-at.ts'
import type { Columns } from './columns.ts'
import type { TimerBar } from './sequence-layout.ts'

/** An item and its time. */
interface Moment {
  readonly item: number
  readonly at: number
}

interface Run {
  readonly side: 0 | 1
  readonly timer: TimerName
  readonly from: Moment
  /** null: it still runs when the record ends. */
  readonly to: Moment | null
  readonly end: TimerBar['end']
  readonly inUs: number | undefined
}

/** Where the bars of each timer stand beside the lifeline: those that may run at once do not share a place. */
const LANES: Readonly<Record<TimerName, number>> = {
  retransmission: 0,
  persist: 0,
  'time-wait': 0,
  'fin-wait-2': 0,
  'delayed-ack': 1,
  override: 2,
  'keep-alive': 2,
}
const FIRST_LANE = 9
const LANE = 5

/**
 * What no retransmission timer undercuts: 200 ms in Linux, 1 s in RFC 6298 2.4. An observer who takes a retransmission
 * for that of a timer is wrong where less time has passed.
 */
const LEAST_RTO_US = 100_000

const TIMER_NAMES: Readonly<Record<TimerName, string>> = {
  retransmission: 'RTO',
  persist: 'persist',
  'delayed-ack': 'delayed ACK',
  'keep-alive': 'keep-alive',
  'time-wait': '2 MSL',
  'fin-wait-2': 'FIN-WAIT-2',
  override: 'override',
}

/** What is known of one end's timers at a point of the record. */
class End {
  readonly recorded = new Map<TimerName, Moment & { inUs: number | undefined }>()
  /** Since when the retransmission timer runs. */
  retransmission: Moment | null = null
  /** The first text that has not been acknowledged yet. */
  owed: Moment | null = null
  arrival: Moment | null = null
  una: number | null = null
  nxt: number | null = null
}

export class TimersOf {
  readonly #runs: Run[] = []
  /** By the item at which a timer expired: how long it ran. */
  readonly #after = new Map<number, string>()
  readonly #ends: readonly [End, End] = [new End(), new End()]

  readonly #place: SeenAt | null

  constructor(items: readonly LadderItem[], place: SeenAt | null) {
    this.#place = place
    items.forEach((each, item) => {
      const moment = { item, at: each.at }
      if (each.kind !== 'event') {
        if (each.kind === 'leaves') this.#leaves(each.message, moment)
        else this.#arrives(each.message, moment)
      } else if (each.event.kind === 'timer' && each.side >= 0) {
        const { timer, action, inUs } = each.event
        this.#timer(each.side as 0 | 1, timer, action, inUs, moment)
      }
    })
    for (const side of [0, 1] as const) {
      for (const [timer, from] of this.#ends[side].recorded) {
        this.#runs.push({ side, timer, from, to: null, end: 'open', inUs: from.inUs })
      }
    }
  }

  /** ' after 200 ms' where a row tells of an expiry whose beginning is known. */
  after(row: Row): string {
    return this.#after.get(row.item) ?? ''
  }

  /** @param heightOf the height of an item, null: it is not in the picture. */
  bars(columns: Columns, heightOf: (item: number) => number | null, bottom: number): TimerBar[] {
    const bars: TimerBar[] = []
    for (const { side, timer, from, to, end, inUs } of this.#runs) {
      const y1 = heightOf(from.item)
      const y2 = to === null ? bottom : heightOf(to.item)
      if (y1 === null || y2 === null || !columns.shown[side]) continue
      const inwards = side === 0 ? 1 : -1
      const x = columns.socket[side] + inwards * (FIRST_LANE + LANE * LANES[timer])
      const us = inUs ?? (to === null ? undefined : to.at - from.at)
      const about = `${TIMER_NAMES[timer]} timer${us === undefined ? '' : ` ${durationText(us)}`}: ${end}`
      bars.push({ side, timer, x, y1, y2, end, about })
    }
    return bars
  }

  #leaves(message: Message, moment: Moment): void {
    const end = this.#ends[message.from]
    const { segment, reason } = message
    const since = end.retransmission
    if (reason === 'retransmission-timeout' && since !== null && moment.at - since.at >= LEAST_RTO_US) {
      this.#expires(message.from, 'retransmission', since, moment)
    }
    // Between what arrives at an end and what it answers lies the way there and back, where the capture is not with it.
    if (reason === 'delayed-ack' && !isInferred(this.#place, message.from))
      this.#expires(message.from, 'delayed-ack', end.owed, moment)
    if ((segment.flags & ACK) !== 0) end.owed = null
    const room =
      segment.length + ((segment.flags & SYN) !== 0 ? 1 : 0) + ((segment.flags & FIN) !== 0 ? 1 : 0)
    if (room === 0) return
    const nxt = (segment.seq + room) | 0
    if (end.nxt === null || seqDiff(nxt, end.nxt) > 0) end.nxt = nxt
    if (reason === 'retransmission-timeout') end.retransmission = moment
    else end.retransmission ??= moment
  }

  #arrives(message: Message, moment: Moment): void {
    if (message.fate === 'rejected') return
    const end = this.#ends[message.from === 0 ? 1 : 0]
    const { segment } = message
    end.arrival = moment
    if (segment.length > 0) end.owed ??= moment
    if ((segment.flags & ACK) === 0 || end.nxt === null) return
    if (end.una !== null && seqDiff(segment.ack, end.una) <= 0) return
    end.una = segment.ack
    end.retransmission = seqDiff(segment.ack, end.nxt) >= 0 ? null : moment
  }

  #timer(
    side: 0 | 1,
    timer: TimerName,
    action: 'started' | 'stopped' | 'expired',
    inUs: number | undefined,
    moment: Moment,
  ): void {
    const end = this.#ends[side]
    const from = end.recorded.get(timer)
    end.recorded.delete(timer)
    if (action === 'started') {
      end.recorded.set(timer, { ...moment, inUs })
      return
    }
    if (action === 'stopped') {
      if (from !== undefined)
        this.#runs.push({ side, timer, from, to: moment, end: 'stopped', inUs: from.inUs })
      return
    }
    const derived =
      timer === 'retransmission' ? end.retransmission : timer === 'keep-alive' ? end.arrival : null
    this.#expires(side, timer, from ?? derived, moment)
    if (timer === 'retransmission') end.retransmission = moment
    // The persist timer goes on after each probe, a keep-alive timer after each question.
    if (timer === 'persist') end.recorded.set(timer, { ...moment, inUs: undefined })
    if (timer === 'keep-alive') end.arrival = moment
  }

  #expires(side: 0 | 1, timer: TimerName, from: Moment | null, to: Moment): void {
    if (from === null || from.at >= to.at) return
    this.#runs.push({ side, timer, from, to, end: 'expired', inUs: undefined })
    this.#after.set(to.item, ` after ${durationText(to.at - from.at)}`)
  }
}
