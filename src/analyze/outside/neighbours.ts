/** Hosts that somebody looked for on the local network in vain: connections of which not even a SYN was sent. */

import { counted } from '../../trace/counted.ts'
import { type CaptureDiagnosis, compose } from './capture-diagnosis.ts'
import { cause, evidence } from './case.ts'
import type { Hosts } from './hosts.ts'

export function* noNeighbours(hosts: Hosts): Generator<CaptureDiagnosis> {
  for (const { asker, target, requests, firstFrame, lastFrame } of hosts.unanswered()) {
    const naming = {
      stream: -1,
      client: asker,
      server: target,
      target,
      clientAddress: asker,
      serverAddress: target,
    }
    const told = {
      culprit: null,
      confidence: 'likely',
      ambiguous: true,
      detail: `${counted(requests, 'request')} for its hardware address`,
      evidence: evidence([firstFrame, `${asker} asks who has ${target}`], [lastFrame, 'and asks again']),
      client: 'connect-host-unreachable',
      server: null,
      causes: [
        cause('the address is wrong', 'client-app', 'no host of that network ever had it'),
        cause('the host is down or off the network', 'server-host', 'it answered before'),
      ],
      next: [
        'is the host up, and does it have that address?',
        'the ports that were tried are not on the wire, as no SYN was sent',
      ],
    } as const
    yield compose('no-neighbour', told, naming, [])
  }
}
