/** What is wrong with a filter, where in it, and what was expected there. */

export class FilterError extends Error {
  override readonly name = 'FilterError'
  readonly expression: string
  /** Counts from 1; one more than the length of the expression where its end came too early. */
  readonly column: number
  /** What is wrong, in one line. */
  readonly reason: string

  constructor(expression: string, column: number, reason: string) {
    super(`${reason} (column ${column})\n  ${shown(expression)}\n  ${' '.repeat(column - 1)}^`)
    this.expression = expression
    this.column = column
    this.reason = reason
  }
}

/** One line in which each letter has the column that it has in the expression. */
function shown(expression: string): string {
  return expression.replace(/\s/g, ' ')
}
