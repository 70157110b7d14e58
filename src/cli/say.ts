/** A message beside what a command prints. It may quote a stranger's file: a terminal is told nothing but lines. */
export function say(message: string): void {
  process.stderr.write(`${message.replace(/[^\P{Cc}\n]/gu, ' ')}\n`)
}
