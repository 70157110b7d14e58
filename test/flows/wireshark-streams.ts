/** What each side of a conversation sent, as `tshark -z follow,tcp,raw` shows it: octets and their SHA-256. */

import { createHash } from 'node:crypto'
import { ByteStreams } from '../../src/flows/byte-streams.ts'
import { SequenceAnalysis } from '../../src/flows/sequence-analysis.ts'
import type { StreamSink } from '../../src/flows/stream-assembler.ts'
import { dissected } from './wireshark-columns.ts'

class Follower implements StreamSink {
  #count = 0
  readonly #hash = createHash('sha256')

  text(octets: Uint8Array): void {
    this.#count += octets.length
    this.#hash.update(octets)
  }

  /** tshark writes this into the stream, and the zero behind its own string, too. */
  missing(length: number): void {
    this.text(Buffer.from(`[${length} bytes missing in capture file]\0`))
  }

  get answer(): string {
    return `${this.#count} ${this.#hash.digest('hex')}`
  }
}

const SILENCE = new Follower().answer

/** Of a stream of which nobody said anything. */
export const BOTH_SILENT = `${SILENCE} ${SILENCE}`

/**
 * Of each stream of a file, in the order of their numbers: what the first sender of a whole packet said, and what the other one.
 */
export function elkoStreams(file: Uint8Array): string[] {
  const followers = new Map<string, Follower>()
  const bytes = new ByteStreams((stream, isFromA) => {
    const follower = new Follower()
    followers.set(`${stream} ${isFromA}`, follower)
    return follower
  })
  const analysis = new SequenceAnalysis()
  const isFirstA: boolean[] = []
  dissected(file, (packet, tcp) => {
    const said = analysis.analyze(packet, tcp)
    if (tcp.textLength >= 0 && said.isWhole) isFirstA[said.stream] ??= said.isFromA
    bytes.packet(packet, tcp, said)
  })
  const side = (stream: number, isFromA: boolean): string =>
    followers.get(`${stream} ${isFromA}`)?.answer ?? SILENCE
  return Array.from({ length: analysis.conversations.count }, (_, stream) => {
    const first = isFirstA[stream] ?? true
    return `${side(stream, first)} ${side(stream, !first)}`
  })
}

/** The same from the text of `tshark -q -z follow,tcp,raw,0 -z follow,tcp,raw,1 ...`. */
export function tsharkStreams(text: string): Map<number, string> {
  const answers = new Map<number, string>()
  for (const part of text.split('Filter: tcp.stream eq ').slice(1)) {
    const [head, , , ...lines] = part.split('\n')
    const sides = [new Follower(), new Follower()]
    for (const line of lines) {
      if (line.startsWith('=')) break
      sides[line.startsWith('\t') ? 1 : 0]!.text(Buffer.from(line.trim(), 'hex'))
    }
    answers.set(Number(head), sides.map(({ answer }) => answer).join(' '))
  }
  return answers
}
