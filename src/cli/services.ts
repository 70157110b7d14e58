/** What a listener does with a connection: echo, discard, chargen (RFC 862, 863, 864), a program, stdin and stdout. */

import { spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import type { Socket } from '../net/socket.ts'

export type Service = (socket: Socket) => void

/** The services by their well-known ports. */
export const SERVICES: ReadonlyMap<number, readonly [name: string, service: Service]> = new Map([
  [7, ['echo', echo]],
  [9, ['discard', discard]],
  [19, ['chargen', generate]],
])

/** RFC 862: sends back what arrives, until the other side has no more. */
export function echo(socket: Socket): void {
  socket.pipe(socket)
}

/** RFC 863: throws away what arrives. */
export function discard(socket: Socket): void {
  socket.resume()
  socket.once('end', () => socket.end())
}

/** RFC 864: lines of 72 of the 95 printing characters, each line one further, as fast as the other side reads. */
function generate(socket: Socket): void {
  let line = 0
  const fill = (): void => {
    while (!socket.writableEnded && !socket.destroyed) {
      const lines = Array.from({ length: LINES_AT_ONCE }, (_, i) => chargenLine(line + i)).join('')
      line = (line + LINES_AT_ONCE) % PRINTING.length
      if (!socket.write(lines, 'latin1')) return
    }
  }
  socket.on('drain', fill)
  socket.resume()
  socket.once('end', () => socket.end())
  fill()
}

const PRINTING = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('')
const LINE_LENGTH = 72
const LINES_AT_ONCE = 95

/** The nth line, with its CR LF. */
export function chargenLine(n: number): string {
  const start = n % PRINTING.length
  return `${(PRINTING + PRINTING).slice(start, start + LINE_LENGTH)}\r\n`
}

/** Runs a command of the shell with the connection as its standard input and output; stderr stays ours. */
export function execute(command: string): Service {
  return (socket) => {
    const child = spawn(command, { shell: true, stdio: ['pipe', 'pipe', 'inherit'] })
    // A program may stop reading before the other side stops writing.
    child.stdin.on('error', () => socket.resume())
    child.once('error', () => socket.resetAndDestroy())
    socket.pipe(child.stdin)
    child.stdout.pipe(socket)
    socket.once('close', () => {
      if (child.exitCode === null) child.kill('SIGHUP')
    })
  }
}

/**
 * Copies both ways until both sides have ended. Where the other side ends first, an input that is a terminal ends with
 * it; a file or a pipe is sent to its end.
 */
export function converse(socket: Socket, input: Readable & { isTTY?: boolean }, output: Writable): void {
  input.pipe(socket)
  socket.pipe(output, { end: false })
  socket.once('end', () => {
    if (input.isTTY === true) socket.end()
  })
  socket.once('close', () => input.unpipe(socket))
}
