/** What a capture file says beside its packets, and what a reader has to say of it. Every list has a bound. */

import { type CaptureInterface, NO_COMMENTS } from './capture-file.ts'

/** What is kept of each kind; more is counted in `beyondBounds`. */
const MOST_NAMES = 65_536
const MOST_NAMES_OF_ONE = 16
const MOST_SECRETS = 4096
const MOST_SECRET_OCTETS = 16 * 1024 * 1024
const MOST_SECTIONS = 4096
const MOST_SENTENCES = 64

/** A part of a pcapng file with byte order and interfaces of its own; other formats have none. */
export interface CaptureSection {
  readonly hardware: string
  readonly os: string
  readonly application: string
  readonly comments: readonly string[]
}

/** Keys of encrypted protocols, as a capture program wrote them into the file (pcapng's decryption secrets block). */
export interface CaptureSecrets {
  /** 0x544c534b: TLS key log; 0x5353484b: SSH; 0x57474b4c: WireGuard; ... */
  readonly type: number
  /** Place in the file of the block. */
  readonly offset: number
  readonly octets: Uint8Array
}

export class CaptureNotes {
  readonly sections: CaptureSection[] = []
  /** Names of addresses by the address as text (RFC 5952 for IPv6): what name resolution blocks, or the text of a listing, say. */
  readonly names = new Map<string, string[]>()
  readonly secrets: CaptureSecrets[] = []
  /** What was made up, guessed or passed over, a sentence each. */
  readonly sentences: string[] = []
  /** Blocks of other makers, blocks of no known type, options of other makers: each passed over. */
  customBlocks = 0
  unknownBlocks = 0
  customOptions = 0
  /** Lines of a listing that are no packets. */
  linesPassedOver = 0
  /** Names, secrets, sections and sentences that were too many to keep. */
  beyondBounds = 0
  #secretOctets = 0

  addName(address: string, name: string): void {
    let names = this.names.get(address)
    if (names === undefined) {
      if (this.names.size === MOST_NAMES) return this.#dropOne()
      names = []
      this.names.set(address, names)
    }
    if (names.includes(name)) return
    if (names.length === MOST_NAMES_OF_ONE) return this.#dropOne()
    names.push(name)
  }

  addSection(section: CaptureSection): void {
    if (this.sections.length === MOST_SECTIONS) return this.#dropOne()
    this.sections.push(section)
  }

  /** @param octets are copied. */
  addSecrets(type: number, offset: number, octets: Uint8Array): void {
    const total = this.#secretOctets + octets.length
    if (this.secrets.length === MOST_SECRETS || total > MOST_SECRET_OCTETS) return this.#dropOne()
    this.#secretOctets = total
    this.secrets.push({ type, offset, octets: octets.slice() })
  }

  say(sentence: string): void {
    if (this.sentences.length === MOST_SENTENCES) return this.#dropOne()
    this.sentences.push(sentence)
  }

  #dropOne(): void {
    this.beyondBounds++
  }
}

/** The sum over the interfaces that say something; null where none does. */
export function dropsOf(interfaces: readonly CaptureInterface[]): number | null {
  let drops: number | null = null
  for (const { statistics } of interfaces) {
    if (statistics.dropped !== null) drops = (drops ?? 0) + statistics.dropped
  }
  return drops
}

/** Comments gathered one after the other; the shared empty list where there is none. */
export function withComment(comments: readonly string[], comment: string): readonly string[] {
  return comments === NO_COMMENTS ? [comment] : [...comments, comment]
}
