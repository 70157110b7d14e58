/** SYNs that nobody answers. */

import { type Case, cause, evidence, type Rule, seconds } from '../case.ts'
import { AT_SERVER } from './refused.ts'

/** Since when the client waits at least, for silence to mean something, seconds. */
export const PATIENCE = 0.9

export function synSilence(c: Case): boolean {
  if (!c.connecting || c.server.packets > 0 || c.reset !== null) return false
  // A client that goes on was answered: the capture has its direction only.
  if (c.client.packets > c.client.syns) return false
  return c.client.syns > 1 || c.captureEnd - c.client.syn.at > PATIENCE
}

/**
 * Where Linux repeats the SYN each second at first (6.5 and later), it does so four times and goes on; fewer of them are an
 * application that gave up. A doubling interval says nothing of the kind: the number of repetitions can be set.
 */
export function gaveUpItself({ client }: Case): boolean {
  const { syns } = client
  const mean = (client.lastSyn.at - client.syn.at) / (syns - 1)
  return syns >= 3 && syns < LINEAR_SYNS && mean < 1.2
}
const LINEAR_SYNS = 5

export const connectTimeout: Rule = {
  verdict: 'connect-timeout',
  applies: synSilence,
  tell: (c) => {
    const { client, serverHost, port } = c
    const waited = c.captureEnd - client.syn.at
    const alive = serverHost.ttl !== 0
    return {
      culprit: null,
      confidence: client.syns > 2 ? 'certain' : 'likely',
      ambiguous: true,
      detail: `${client.syns} ${client.syns === 1 ? 'SYN' : 'SYNs'} in ${seconds(client.lastSyn.at - client.syn.at)}, and nothing in the ${seconds(waited)} to the end of the capture`,
      evidence: evidence(
        [client.syn, 'first SYN'],
        [client.syns > 1 ? client.lastSyn : 0, 'last SYN'],
        [port.lastOpenedFrame, 'another connection to that port opened'],
      ),
      client: gaveUpItself(c) ? 'connect-own-timeout' : 'connect-timeout',
      server: null,
      causes: [
        cause(
          'a firewall drops it silently',
          'middlebox',
          alive ? 'other connections with that host work' : 'a capture at the server shows no SYN',
        ),
        ...(alive
          ? []
          : [
              cause(
                'the address is wrong, or the host is down',
                'path',
                'no other packet of that host in the capture: `ping`, ARP on its network',
              ),
            ]),
        cause(
          'the queue of connections to be accepted is full there',
          'server-app',
          'a capture at the server shows SYNs arrive unanswered; `nstat TcpExtListenOverflows`',
        ),
        cause(
          "the server's answer is lost on the way back",
          'path',
          'a capture at the server shows SYN-ACKs sent',
        ),
      ],
      next: [AT_SERVER],
    }
  },
}
