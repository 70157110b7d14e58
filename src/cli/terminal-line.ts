/** One line on a terminal's stderr that is written again and again, to tell how something goes. */

/** How often it is worth to be written. */
export const REWRITTEN_MS = 250

const CLEAR_REST = '\x1b[K'
const USUAL_COLUMNS = 80

export class TerminalLine {
  #isShown = false

  /** Whether anybody sees it. */
  get isSeen(): boolean {
    return process.stderr.isTTY === true
  }

  /** A longer text is cut: two lines could not be taken back. */
  show(text: string): void {
    // A terminal that does not know its width says 0.
    const shown = text.slice(0, (process.stderr.columns || USUAL_COLUMNS) - 1)
    process.stderr.write(`\r${shown}${CLEAR_REST}`)
    this.#isShown = true
  }

  /** Takes it back. */
  end(): void {
    if (this.#isShown) process.stderr.write(`\r${CLEAR_REST}`)
    this.#isShown = false
  }
}
