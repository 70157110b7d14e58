/**
 * The packets under way in one direction: an interned list of packet numbers, so that a channel's whole contents are
 * one number. In a bag they stand sorted, because the order in which they were sent tells nothing about the order in
 * which they arrive; in a queue the oldest stands first.
 */

import { Pairs } from './pairs.ts'

/** The channel without packets. */
export const EMPTY = 0

export class Channels {
  readonly #lists = new Pairs()

  constructor() {
    this.#lists.intern(-1, -1)
  }

  /** The packet that stands first. */
  head(list: number): number {
    return this.#lists.first(list)
  }

  rest(list: number): number {
    return this.#lists.second(list)
  }

  length(list: number): number {
    let length = 0
    for (let at = list; at !== EMPTY; at = this.rest(at)) length++
    return length
  }

  at(list: number, index: number): number {
    let at = list
    for (let i = 0; i < index; i++) at = this.rest(at)
    return this.head(at)
  }

  append(list: number, packet: number): number {
    if (list === EMPTY) return this.#lists.intern(packet, EMPTY)
    return this.#lists.intern(this.head(list), this.append(this.rest(list), packet))
  }

  /** Puts a packet where it belongs by its number. */
  insert(list: number, packet: number): number {
    if (list === EMPTY || packet <= this.head(list)) return this.#lists.intern(packet, list)
    return this.#lists.intern(this.head(list), this.insert(this.rest(list), packet))
  }

  remove(list: number, index: number): number {
    if (index === 0) return this.rest(list)
    return this.#lists.intern(this.head(list), this.remove(this.rest(list), index - 1))
  }
}
