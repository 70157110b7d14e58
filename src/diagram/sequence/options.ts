/** What a sequence diagram can be told. */

import type { Scheme } from '../../svg/theme.ts'
import type { Banner } from '../../trace/banner.ts'
import type { View } from './columns.ts'

export interface SequenceOptions {
  /** Which connection, by its number at one of its hosts. Default: the first one. */
  readonly connection?: { readonly host: string; readonly connection: number }
  /** The host on the left. Default: the one that opened. */
  readonly left?: string
  /** Addresses by host. */
  readonly addresses?: Readonly<Record<string, string>>
  readonly title?: string
  /** The verdict on the connection, above its picture. */
  readonly banner?: Banner
  /** Sequence numbers as on the wire, or counted from each side's SYN. Default 'absolute'. */
  readonly numbers?: 'absolute' | 'relative'
  /** Why each segment was sent: not at all, by its word, or explained in a remark where a word comes first (default). */
  readonly reasons?: 'none' | 'words' | 'sentences'
  /** Timers: none, those worth a line (default: every expiry; the start of the long ones), or all. */
  readonly timers?: 'none' | 'main' | 'all'
  /** Congestion control: nothing, a line where the phase changes (default), or every record. */
  readonly recovery?: 'none' | 'phases' | 'all'
  /** How much of the story. Default 'full'. */
  readonly view?: View
  /** The column of remarks. Default true, but for an overview. */
  readonly remarks?: boolean
  /** The names of hosts and columns again and again in a long picture, for paper. Default true; a page keeps them in sight. */
  readonly repeatHeads?: boolean
  /** The explanation of the signs. Default true. */
  readonly legend?: boolean
  /** Time without events, in microseconds, that is folded. Default: four usual flights. */
  readonly gapUs?: number
  /** Only what happened from here on, microseconds on the clock of the run. */
  readonly from?: number
  /** Only what happened up to here. */
  readonly to?: number
  /** Folds that are to be open, by their ids; 'all': nothing is folded. Default none. */
  readonly unfolded?: 'all' | Pick<ReadonlySet<string>, 'has'>
  /** Rows from which on stretches with losses are folded as well. Default 400. */
  readonly mostRows?: number
  /** Colours: as the reader's system has them (default), or one kind whatever it says. */
  readonly scheme?: Scheme
}
