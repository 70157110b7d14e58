/** What a picture says of its connection as a whole, above all that it draws: plain data, whoever judged. */

export interface Banner {
  /** The judge's word: 'healthy', 'reset-by-peer'. */
  readonly verdict: string
  /** Nothing went wrong. */
  readonly healthy: boolean
  /** What became of the connection. */
  readonly sentence: string
  /** More of it, the weightiest first: what proves it, what the applications see, likely causes, what to look at next. */
  readonly lines: readonly string[]
}
