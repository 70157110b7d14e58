/** What a picture says of its connection as a whole, above all that it draws: plain data, whoever judged. */

export interface Banner {
  /** The judge's word: 'healthy', 'reset-by-peer'. */
  readonly verdict: string
  /** Nothing went wrong. */
  readonly healthy: boolean
  /** Nothing failed, and it was slower than it could be. */
  readonly slow?: boolean
  /** What became of the connection. */
  readonly sentence: string
  /** More of it, the weightiest first: what proves it, what the applications see, likely causes, what to look at next. */
  readonly lines: readonly string[]
}

/** How bad it is: what a picture shows by a mark and a colour. */
export type Tone = 'healthy' | 'slow' | 'ill'

export const toneOf = ({ healthy, slow }: Banner): Tone =>
  !healthy ? 'ill' : slow === true ? 'slow' : 'healthy'

/** Nothing is told by colour alone. */
export const MARKS: Readonly<Record<Tone, string>> = { healthy: '✓', slow: '~', ill: '!' }
