/** A box that takes TCP options out of what passes: found on one path in twenty (Honda et al., IMC 2011). */

import { TCP_OPTION_NAMES } from '../wire/tcp-options.ts'
import type { Middlebox, Transit } from './middlebox.ts'
import { blankOptions } from './packet-rewrite.ts'

export class OptionStripper implements Middlebox {
  readonly name = 'option stripper'
  readonly #kinds: ReadonlySet<number> | null

  /** @param kinds to take out; null: all. */
  constructor(kinds: readonly number[] | null = null) {
    this.#kinds = kinds === null ? null : new Set(kinds)
  }

  handlePacket(transit: Transit): boolean {
    if (transit.isTcp) blankOptions(transit, (kind) => this.#kinds === null || this.#kinds.has(kind))
    return true
  }
}

/**
 * The kind of an option by its name in TCP_OPTION_NAMES: 'sack-permitted'.
 * @throws RangeError for a name that is not there.
 */
export function optionKind(name: string): number {
  const found = Object.entries(TCP_OPTION_NAMES).find(([, known]) => known === name)
  if (found !== undefined) return Number(found[0])
  throw new RangeError(`expected the name of a TCP option such as 'sack-permitted', not '${name}'`)
}
