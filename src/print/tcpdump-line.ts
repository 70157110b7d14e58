/**
 * A captured TCP packet as tcpdump prints it: `12:00:00.000001 IP 10.0.0.1.80 > 10.0.0.2.4000: Flags [S.], seq 5, ...`.
 * Numbers are counted from the first of each side, unless asked otherwise; the first packet shows them as they are.
 */

import type { Packet, TcpFields } from '../dissect/packet.ts'
import { tcpdumpHeaderText } from '../trace/segment-text.ts'
import { addressOf, formatAddress } from '../wire/address.ts'
import { ACK, SYN } from '../wire/segment.ts'
import { tcpdumpOptions } from './tcpdump-options.ts'

export interface TcpdumpOptions {
  /** -S: numbers as they stand in the packets. */
  readonly absolute?: boolean
  /** -t: no time; -tttt: with the date. Default: the time of day, of UTC. */
  readonly time?: 'none' | 'clock' | 'date'
}

/** First numbers of the side whose port and address sort first, and of the other. */
interface Bases {
  low: number
  high: number
}

export class TcpdumpPrinter {
  readonly #options: TcpdumpOptions
  readonly #bases = new Map<string, Bases>()

  constructor(options: TcpdumpOptions = {}) {
    this.#options = options
  }

  /** The line without what a protocol above TCP would add. */
  line(packet: Packet, tcp: TcpFields): string {
    const { time = 'clock' } = this.#options
    const head = time === 'none' ? '' : `${timeText(packet, time === 'date')} `
    return `${head}${packet.version === 4 ? 'IP' : 'IP6'} ${ends(packet, tcp)}: ${this.#segment(packet, tcp)}`
  }

  #segment(packet: Packet, tcp: TcpFields): string {
    const { flags } = tcp
    const length = Math.max(0, tcp.textLength)
    // As tcpdump: what acknowledges nothing tells nothing of the other side, and is shown as it is.
    const isAbsolute = this.#options.absolute === true || (flags & ACK) === 0
    const base = isAbsolute ? ABSOLUTE : this.#relative(packet, tcp)
    const { seq, ack, window, urgentPointer } = tcp
    const head = tcpdumpHeaderText({ flags, seq, ack, window, urgentPointer, length }, base)
    const options = tcpdumpOptions(packet, tcp, base.sack)
    const isCut = options.endsWith('[bad opt]')
    return `${head}${options}${isCut ? '' : `, length ${length}`}`
  }

  /** What is subtracted: nothing from the packet that begins a conversation, or begins it again. */
  #relative(packet: Packet, tcp: TcpFields): Base {
    const isLow = sortsFirst(packet, tcp)
    const key = keyOf(packet, tcp, isLow)
    const known = this.#bases.get(key)
    if (known === undefined || (tcp.flags & SYN) !== 0) {
      const own = tcp.seq
      const other = (tcp.ack - 1) | 0
      this.#bases.set(key, isLow ? { low: own, high: other } : { low: other, high: own })
      return { seq: 0, ack: 0, sack: other }
    }
    return isLow
      ? { seq: known.low, ack: known.high, sack: known.high }
      : { seq: known.high, ack: known.low, sack: known.low }
  }
}

interface Base {
  readonly seq: number
  readonly ack: number
  readonly sack: number
}

const ABSOLUTE: Base = { seq: 0, ack: 0, sack: 0 }

function ends(packet: Packet, tcp: TcpFields): string {
  return `${sourceText(packet)}.${tcp.sourcePort} > ${destinationText(packet)}.${tcp.destinationPort}`
}

const sourceText = (p: Packet): string => formatAddress(addressOf(p.src0, p.src1, p.src2, p.src3))
const destinationText = (p: Packet): string => formatAddress(addressOf(p.dst0, p.dst1, p.dst2, p.dst3))

function sortsFirst(packet: Packet, tcp: TcpFields): boolean {
  if (tcp.sourcePort !== tcp.destinationPort) return tcp.sourcePort < tcp.destinationPort
  return sourceText(packet) <= destinationText(packet)
}

function keyOf(packet: Packet, tcp: TcpFields, isLow: boolean): string {
  const from = `${sourceText(packet)} ${tcp.sourcePort}`
  const to = `${destinationText(packet)} ${tcp.destinationPort}`
  return isLow ? `${from} ${to}` : `${to} ${from}`
}

function timeText({ seconds, nanoseconds }: Packet, withDate: boolean): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = Math.floor(seconds / 86_400)
  const second = seconds - day * 86_400
  const fraction = String(Math.floor(nanoseconds / 1000)).padStart(6, '0')
  const clock = `${two(Math.floor(second / 3600))}:${two(Math.floor(second / 60) % 60)}:${two(second % 60)}.${fraction}`
  return withDate ? `${dateText(day)} ${clock}` : clock
}

/** The date of a day since 1970-01-01: years of the proleptic Gregorian calendar, counted from March. */
function dateText(day: number): string {
  const shifted = day + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const leaps = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096)
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365)
  const leapDays = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100)
  const dayOfYear = dayOfEra - (365 * yearOfEra + leapDays)
  const month = Math.floor((5 * dayOfYear + 2) / 153)
  const date = dayOfYear - Math.floor((153 * month + 2) / 5) + 1
  const calendarMonth = month < 10 ? month + 3 : month - 9
  const year = yearOfEra + era * 400 + (calendarMonth <= 2 ? 1 : 0)
  return `${year}-${String(calendarMonth).padStart(2, '0')}-${String(date).padStart(2, '0')}`
}
