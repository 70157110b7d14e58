/** What the network does to segments, and how TCP mends it. */

import type { ImpairmentOptions } from '../impairments.ts'
import type { Lab, Scenario } from '../scenario.ts'
import { hasText, isSyn, type Matcher } from '../scenario-rules.ts'
import { NORMAL } from './paths.ts'
import { receiveAll, sendAll } from './scripts.ts'

/** The n-th segment with text, counted from 1. */
function textNumber(n: number): Matcher {
  let seen = 0
  return (segment) => hasText(segment) && ++seen === n
}

/** The client sends `octets` in segments of 1000, waits until all are acknowledged, and closes. */
function transfer(lab: Lab, octets: number, path: ImpairmentOptions = {}, mssLimit = 1000): void {
  const [client, server] = lab.clientAndServer({ mssLimit }, { mssLimit }, path)
  server.program(receiveAll(octets))
  client.program((host) => sendAll(host, server, octets, 100), 10)
}

export const retransmission: Scenario = {
  name: 'retransmission',
  title: 'Retransmission: no acknowledgment in time',
  lesson:
    'The only segment is lost, so nothing tells the sender but its timer. It waits a round trip and a margin, then twice ' +
    'as long (RFC 6298).',
  accepts: ['window'],
  paths: NORMAL,
  play(lab) {
    transfer(lab, 500)
    lab.from(lab.hosts[0]!).next('lose', hasText, 2)
  },
}

export const fastRetransmit: Scenario = {
  name: 'fast-retransmit',
  title: 'Fast retransmit: three duplicate ACKs',
  lesson:
    'Segments behind a lost one arrive, and each is answered with the number that is missing. The third repetition is ' +
    'taken as proof of the loss: no need to wait for the timer (RFC 5681, RFC 6582).',
  accepts: ['window', 'bytes'],
  paths: NORMAL,
  play(lab) {
    transfer(lab, lab.bytes(8000))
    lab.from(lab.hosts[0]!).next('lose', textNumber(2))
  },
}

export const reordering: Scenario = {
  name: 'reordering',
  title: 'Reordering: a segment is overtaken',
  lesson:
    'The second segment comes last. The receiver keeps what came early and asks for the missing octets; one or two such ' +
    'duplicates are not yet a loss, so nothing is sent twice.',
  accepts: ['window'],
  paths: NORMAL,
  play(lab) {
    transfer(lab, 3000, { reorderByUs: 5000 })
    lab.from(lab.hosts[0]!).next('reorder', textNumber(2))
  },
}

export const duplicate: Scenario = {
  name: 'duplicate',
  title: 'Duplicates: the network delivers twice',
  lesson:
    'A SYN and a segment arrive twice. Sequence numbers tell: the copy is dropped and acknowledged again.',
  accepts: ['window'],
  paths: NORMAL,
  play(lab) {
    transfer(lab, 2000)
    const rules = lab.from(lab.hosts[0]!)
    rules.next('duplicate', isSyn)
    rules.next('duplicate', textNumber(2))
  },
}

export const corruption: Scenario = {
  name: 'corruption',
  title: 'Corruption: a wrong checksum',
  lesson:
    'A segment is damaged on the way. The checksum over header, text and addresses does not fit, so the receiver drops it ' +
    'without a word; to the sender that is a loss like any other.',
  accepts: ['window'],
  paths: NORMAL,
  play(lab) {
    transfer(lab, 2000)
    lab.from(lab.hosts[0]!).next('corrupt', textNumber(1))
  },
}

export const pathMtu: Scenario = {
  name: 'path-mtu',
  title: 'Path MTU discovery: a router says how large packets may be',
  lesson:
    'Somewhere on the way packets of more than 1000 octets do not fit. The router drops them and says so by ICMP; TCP cuts ' +
    'the same octets into smaller segments (RFC 1191).',
  accepts: ['window', 'bytes'],
  paths: NORMAL,
  play(lab) {
    transfer(lab, lab.bytes(3000), { mtu: lab.options.ipv6 === true ? 1300 : 1000 }, 1460)
  },
}

export const mtuBlackHole: Scenario = {
  name: 'mtu-black-hole',
  title: 'MTU black hole: large packets vanish and nobody says why',
  lesson:
    'As path-mtu, but a firewall swallows the ICMP messages. The handshake and small segments get through, full ones never ' +
    'do. After some time-outs TCP tries smaller segments (RFC 4821).',
  accepts: ['window', 'bytes'],
  paths: NORMAL,
  play(lab) {
    const mtu = lab.options.ipv6 === true ? 1300 : 1000
    transfer(lab, lab.bytes(3000), { mtu, mtuBlackHole: true }, 1460)
  },
}
