/** What both sides of a conversation sent, as `tshark -z follow,tcp` (4.0) prints it: to the letter. */

import { hexText } from '../dissect/tcp-details.ts'

export const FOLLOW_FORMATS = ['ascii', 'hex', 'raw'] as const
export type FollowFormat = (typeof FOLLOW_FORMATS)[number]

const RULE = '='.repeat(67)
const ROW = 16

export class FollowPrinter {
  readonly #format: FollowFormat
  readonly #write: (line: string) => void
  /** Octets of side A and of side B so far. */
  readonly #offsets: [number, number] = [0, 0]

  /** @param write takes a line, which may hold line ends of the text. */
  constructor(format: FollowFormat, write: (line: string) => void) {
    this.#format = format
    this.#write = write
  }

  /** @param nodes who sent the first packet, and the other one, as address:port. */
  begin(stream: number, nodes: readonly [string, string]): void {
    const filter = `Filter: tcp.stream eq ${stream}`
    const lines = [
      '',
      RULE,
      `Follow: tcp,${this.#format}`,
      filter,
      `Node 0: ${nodes[0]}`,
      `Node 1: ${nodes[1]}`,
    ]
    for (const line of lines) this.#write(line)
  }

  /** Octets of a side, in their order. */
  text(isFromA: boolean, octets: Uint8Array): void {
    const indent = isFromA ? '' : '\t'
    if (this.#format === 'ascii') this.#write(`${indent}${octets.length}\n${asciiOf(octets)}`)
    else if (this.#format === 'raw') this.#write(`${indent}${hexText(octets, '')}`)
    else this.#dump(isFromA, octets, indent)
  }

  /** tshark says it among the octets, with the zero behind its own string. */
  missing(isFromA: boolean, length: number): void {
    const words = `[${length} bytes missing in capture file]\0`
    this.text(
      isFromA,
      Uint8Array.from(words, (letter) => letter.charCodeAt(0)),
    )
  }

  end(): void {
    this.#write(RULE)
  }

  #dump(isFromA: boolean, octets: Uint8Array, indent: string): void {
    const side = isFromA ? 0 : 1
    for (let at = 0; at < octets.length; at += ROW) {
      const row = octets.subarray(at, at + ROW)
      const offset = this.#offsets[side].toString(16).toUpperCase().padStart(8, '0')
      this.#write(`${indent}${offset}  ${rowOf(row)}`)
      this.#offsets[side] += row.length
    }
  }
}

/** '47 45 54 20 2f 73 31 2e  6a 73  GET /s1. js': octets and letters in two groups of eight, without the last space. */
function rowOf(row: Uint8Array): string {
  const half = ROW / 2
  const [left, right] = [row.subarray(0, half), row.subarray(half)]
  const octets = `${hexText(left, ' ').padEnd(3 * half)} ${hexText(right, ' ')}`.padEnd(3 * ROW)
  const letters = right.length === 0 ? lettersOf(left) : `${lettersOf(left)} ${lettersOf(right)}`
  return `${octets}  ${letters}`.replace(/ $/, '')
}

function lettersOf(octets: Uint8Array): string {
  let text = ''
  for (const octet of octets) text += isPrintable(octet) ? String.fromCharCode(octet) : '.'
  return text
}

/** Line ends are kept; everything else that is no letter is a dot. */
function asciiOf(octets: Uint8Array): string {
  let text = ''
  for (const octet of octets) {
    const isKept = isPrintable(octet) || octet === 0x0a || octet === 0x0d
    text += isKept ? String.fromCharCode(octet) : '.'
  }
  return text
}

const isPrintable = (octet: number): boolean => octet >= 0x20 && octet < 0x7f
