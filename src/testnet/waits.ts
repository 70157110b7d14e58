/** What each socket of a host waits for, in words: for the error of a run in which nothing happens any more. */

import type { HostedConnection } from '../stack/hosted-connection.ts'
import type { Stack } from '../stack/stack.ts'
import { CLOSED, TIME_WAIT } from '../tcp/state.ts'
import type { StateName } from '../trace/states.ts'
import { socketText } from '../wire/address.ts'

/** More are counted and not listed. */
const MAX_LINES = 20

/** A line for each listener and each connection: 'a: 10.0.0.1:49152 > 10.0.0.2:80, ESTABLISHED, waits for octets'. */
export function waitLines(stacks: readonly Stack[]): string[] {
  const lines: string[] = []
  for (const stack of stacks) {
    for (const { port, address, waiting } of stack.listeners()) {
      const where = address === null ? `port ${port}` : socketText(address, port)
      const what = waiting === 0 ? 'waits for connections' : `has ${waiting} connections that nobody accepts`
      lines.push(`${stack.name}: listener on ${where} ${what}`)
    }
    for (const connection of stack.connections()) {
      const { path } = connection.tcb
      if (connection.state === CLOSED || connection.state === TIME_WAIT) continue
      lines.push(
        `${stack.name}: ${path.localText} > ${path.remoteText}, ${connection.stateName}: ${waitOf(connection)}`,
      )
    }
  }
  if (lines.length === 0)
    return ['no host has a socket: the function waits for something that is not of this network']
  const more = lines.length - MAX_LINES
  return more > 0 ? [...lines.slice(0, MAX_LINES), `and ${more} more`] : lines
}

function waitOf(connection: HostedConnection): string {
  const { readable, queued, atEndOfStream, tcb } = connection
  const state: StateName = connection.stateName
  const parts: string[] = []
  if (state === 'SYN-SENT' || state === 'SYN-RECEIVED') return 'waits for the handshake'
  if (readable > 0) parts.push(`${readable} octets wait for somebody to read them`)
  else if (atEndOfStream)
    parts.push('the other side has ended, and this side has not: end() or destroy() is due')
  else if (state === 'ESTABLISHED' || state === 'FIN-WAIT-2')
    parts.push('waits for octets or an end from the other side')
  if (queued > 0)
    parts.push(`${queued} octets wait for acknowledgment${tcb.snd.wnd === 0 ? ', the window is closed' : ''}`)
  if (state === 'FIN-WAIT-1' || state === 'CLOSING' || state === 'LAST-ACK') {
    parts.push('its end waits for acknowledgment')
  }
  return parts.join('; ')
}
