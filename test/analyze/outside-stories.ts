/** One story for each verdict, with what has to be said of its last connection. */

import { OF_APPLICATIONS } from './application-stories.ts'
import { OPEN, type Told } from './told.ts'

const ASK = `${OPEN}0.03 c PA 100
  0.05 s A
  `
const TALK = `${ASK}0.06 s PA 200
  0.061 c A
  `
/** An end in order. */
const DONE = `${TALK}0.07 c FA
  0.09 s FA
  0.091 c A`
/** Opened, and never a word of the server. */
const SILENT = `${OPEN}0.03 c PA 10
  0.05 s A`

const OF_CONNECTIONS: Readonly<Record<string, Told>> = {
  'nothing listens': {
    story: '0 c S\n 0.02 s RA bare',
    verdict: 'refused',
    culprit: 'server-host',
    resetBy: 'server-host',
    client: 'connect-refused',
  },
  'a firewall on the way rejects: another TTL than that of a connection before': {
    before: [DONE],
    story: '1 c S\n 1.001 s RA bare ttl=64',
    verdict: 'refused-by-middlebox',
    culprit: 'middlebox',
    resetBy: 'middlebox',
    client: 'connect-refused',
  },
  'a firewall rejects by ICMP': {
    story: '0 c S\n 0.001 icmp 3/3 10.1.0.1',
    verdict: 'port-unreachable',
    culprit: 'middlebox',
    client: 'connect-refused',
  },
  'a firewall says that it forbids': {
    story: '0 c S\n 0.001 icmp 3/13 10.1.0.1',
    verdict: 'prohibited',
    culprit: 'middlebox',
    client: 'connect-host-unreachable',
  },
  'a router finds no such host': {
    story: '0 c S\n 3.05 icmp 3/1 10.1.0.1',
    verdict: 'host-unreachable',
    culprit: null,
    client: 'connect-host-unreachable',
  },
  'a router has no route': {
    story: '0 c S\n 0.001 icmp 3/0 10.1.0.1',
    verdict: 'network-unreachable',
    culprit: 'path',
    client: 'connect-network-unreachable',
  },
  'packets run in a circle': {
    story: '0 c S\n 0.3 icmp 11/0 10.9.0.1',
    verdict: 'routing-loop',
    culprit: 'path',
    client: 'connect-host-unreachable',
  },
  'nobody answers': {
    story: '0 c S\n 1 c S seq=-1\n 3 c S seq=-1\n 7 c S seq=-1',
    verdict: 'connect-timeout',
    culprit: null,
    client: 'connect-timeout',
  },
  'the application gave up while Linux still repeats each second': {
    story: '0 c S\n 1 c S seq=-1\n 2 c S seq=-1',
    verdict: 'connect-timeout',
    culprit: null,
    client: 'connect-own-timeout',
  },
  'the answer does not get back': {
    story: '0 c S\n 0.02 s SA\n 1 c S seq=-1\n 1.02 s SA seq=-1\n 3 c S seq=-1\n 3.02 s SA seq=-1',
    verdict: 'syn-ack-lost',
    culprit: 'client-host',
    client: 'connect-timeout',
  },
  'the queue is full: SYNs are dropped, where connections before wait to be accepted': {
    before: [SILENT, SILENT],
    story: '1 c S\n 2 c S seq=-1\n 4 c S seq=-1\n 8 c S seq=-1',
    verdict: 'accept-queue-full',
    culprit: 'server-app',
    client: 'connect-timeout',
  },
  'the queue is full: the last ACK is dropped': {
    story: `${OPEN}0.03 c PA 100\n 0.3 c PA again\n 0.8 c PA again\n 1.02 s SA seq=-1 ack=-100\n 1.021 c A\n 1.6 c PA again\n 1.62 s R bare`,
    verdict: 'accept-queue-full',
    culprit: 'server-app',
    resetBy: 'server-host',
    client: 'reset',
  },
  'the queue is full: the last ACK is answered by a reset': {
    story: `${OPEN}0.0401 s R bare`,
    verdict: 'accept-queue-full',
    culprit: 'server-app',
    resetBy: 'server-host',
    client: 'reset',
  },
  'the queue is full: SYN cookies': {
    before: [SILENT],
    story: `${OPEN}0.03 c PA 100\n 0.3 c PA again\n 0.8 c PA again\n 1.8 c PA again`,
    verdict: 'accept-queue-full',
    culprit: 'server-app',
    client: 'read-timeout',
  },
  'an older connection of the same ports': {
    story:
      '0 c S\n 0.02 s A ack=7000\n 0.021 c R bare seq=7000\n 1 c S seq=-1\n 1.02 s SA\n 1.021 c A\n 1.03 c PA 10\n 1.05 s PA 10\n 1.06 c A',
    verdict: 'old-connection-in-the-way',
    culprit: 'client-host',
    resetBy: 'client-host',
    client: 'nothing',
  },
  'a port scan, a check of the port, an address that another one was faster than': {
    story: '0 c S\n 0.02 s SA\n 0.021 c R bare',
    verdict: 'ended-by-reset',
    culprit: 'none',
    resetBy: 'client-host',
    client: 'nothing',
  },
  'the application gave up connecting before the answer came': {
    story: '0 c S\n 1 c S seq=-1\n 1.4 s SA\n 1.401 c R bare',
    verdict: 'handshake-abandoned',
    culprit: 'client-host',
    resetBy: 'client-host',
    client: 'connect-own-timeout',
  },
  'an answer from another address than was asked': {
    story: '0 s SA\n 0.001 c R bare\n 1 s SA seq=-1\n 1.001 c R bare',
    verdict: 'handshake-abandoned',
    culprit: 'client-host',
    resetBy: 'client-host',
  },
  'closed with unread data': {
    story: `${OPEN}0.03 c A 1400\n 0.031 c PA 600\n 0.05 s A\n 0.35 s RA`,
    verdict: 'unread-data',
    culprit: 'server-app',
    resetBy: 'server-host',
    client: 'reset',
  },
  'closed by Java with unread data: FIN, then a reset': {
    story: `${OPEN}0.03 c PA 100\n 0.05 s A\n 0.35 s FA\n 0.351 s RA`,
    verdict: 'unread-data',
    culprit: 'server-app',
    resetBy: 'server-host',
    client: 'broken-pipe',
  },
  'reset while idle': {
    story: `${TALK}9 s RA`,
    verdict: 'reset-by-server',
    culprit: 'server-app',
    resetBy: 'server-host',
    client: 'reset',
  },
  'the client resets in the middle of its request': {
    story: `${OPEN}0.03 c PA 1400\n 0.05 s A\n 0.06 c RA`,
    verdict: 'reset-by-client',
    culprit: 'client-app',
    resetBy: 'client-host',
  },
  'injected to the client: foreign TTL': {
    story: `${TALK}0.2 c PA 200\n 0.22 s RA win=0 ttl=101 id=16962\n 0.221 s RA win=0 ttl=101 id=16962 seq=1460`,
    verdict: 'reset-by-middlebox',
    culprit: 'middlebox',
    resetBy: 'middlebox',
    client: 'reset',
  },
  'injected without a flaw: the server goes on': {
    story: `${TALK}0.2 c PA 200\n 0.21 s RA\n 0.22 s A\n 0.221 c R bare\n 0.3 s PA 100\n 0.301 c R bare`,
    verdict: 'reset-by-middlebox',
    culprit: 'middlebox',
    resetBy: 'middlebox',
    client: 'reset',
  },
  'a firewall forgot the connection': {
    story: `${TALK}300 c PA 300\n 300.001 s R bare ttl=64`,
    verdict: 'state-lost',
    culprit: 'middlebox',
    resetBy: 'middlebox',
    client: 'reset',
  },
  'the server host restarted': {
    story: `${TALK}30 c PA 300\n 30.02 s R bare`,
    verdict: 'connection-forgotten',
    culprit: 'server-host',
    resetBy: 'server-host',
    client: 'reset',
  },
  'writing after the end': {
    story: `${TALK}1 s FA\n 1.04 c A\n 2 c PA 100\n 2.02 s R bare`,
    verdict: 'broken-pipe',
    culprit: 'server-app',
    resetBy: 'server-host',
    client: 'broken-pipe',
  },
  'a request that crosses the end': {
    story: `${TALK}5 s FA\n 5.001 c PA 100 ack=-1\n 5.002 c A\n 5.02 s R bare`,
    verdict: 'close-race',
    culprit: 'server-app',
    resetBy: 'server-host',
    client: 'broken-pipe',
  },
  'an upload refused in the middle': {
    story: `${OPEN}0.03 c A 1460\n 0.031 c A 1460\n 0.032 c A 1460\n 0.05 s A\n 0.055 c A 1460\n 0.06 s PA 120 ack=-1460\n 0.0601 s RA ack=-1460`,
    verdict: 'rejected-early',
    culprit: 'server-app',
    resetBy: 'server-host',
    client: 'reset-while-writing',
  },
  'a download aborted': {
    story: `${ASK}0.06 s A 1460\n 0.061 s A 1460\n 0.062 s A 1460\n 0.063 c A ack=-2920\n 0.064 c RA ack=-2920`,
    verdict: 'download-aborted',
    culprit: 'client-app',
    resetBy: 'client-host',
    client: 'nothing',
  },
  'no acknowledgment any more': {
    story: `${TALK}0.3 c PA 300\n 0.5 c PA again\n 0.9 c PA again\n 1.7 c PA again\n 3.3 c PA again`,
    verdict: 'unacknowledged',
    culprit: 'path',
    client: 'read-timeout',
  },
  'no acknowledgment after a pause': {
    story: `${TALK}300 c PA 300\n 300.2 c PA again\n 300.6 c PA again\n 301.4 c PA again`,
    verdict: 'state-lost-silently',
    culprit: 'middlebox',
    client: 'read-timeout',
  },
  'no acknowledgment, and a router says why': {
    story: `${TALK}0.3 c PA 300\n 0.5 c PA again\n 0.9 c PA again\n 3.4 icmp 3/1 10.1.0.1`,
    verdict: 'unreachable-midway',
    culprit: 'path',
    client: 'host-unreachable',
  },
  'no acknowledgment, and a firewall rejects': {
    story: `${TALK}0.3 c PA 300\n 0.5 c PA again\n 0.9 c PA again\n 3.4 icmp 3/3 10.1.0.1`,
    verdict: 'unreachable-midway',
    culprit: 'middlebox',
    client: 'refused-midway',
  },
  'only small segments get through': {
    story: `${TALK}0.3 c A 1448\n 0.5 c A again\n 0.9 c A again\n 1.7 c A again\n 3.3 c A again`,
    verdict: 'path-mtu-black-hole',
    culprit: 'path',
    client: 'read-timeout',
  },
  'keep-alive finds nobody': {
    story: `${TALK}60 c A seq=-1\n 61 c A seq=-1\n 62 c A seq=-1\n 63 c RA`,
    verdict: 'keep-alive-timeout',
    culprit: 'path',
    resetBy: 'client-host',
    client: 'timed-out',
  },
  'the answer comes when the client is gone': {
    story: `${ASK}2.03 c FA\n 2.07 s A\n 5 s PA 200\n 5.001 c R bare`,
    verdict: 'no-response',
    culprit: 'server-app',
    resetBy: 'client-host',
    client: 'read-timeout',
  },
  'nobody reads': {
    story: `${OPEN}0.03 c A 1400\n 0.05 s A win=0\n 0.3 c A seq=-1\n 0.32 s A win=0\n 0.9 c A seq=-1\n 0.92 s A win=0\n 2.5 c A seq=-1\n 2.52 s A win=0`,
    verdict: 'receiver-not-reading',
    culprit: 'server-app',
    client: 'write-blocked',
  },
  'cut in the middle of what HTTP announced': {
    story: `${OPEN}0.03 c PA text=GET_/_HTTP/1.1||\n 0.05 s A\n 0.06 s PA text=HTTP/1.1_200_OK|Content-Length:_5000||abc\n 0.07 c A\n 0.08 s FA\n 0.081 c FA\n 0.1 s A`,
    verdict: 'premature-end',
    culprit: 'server-app',
    client: 'end-in-message',
  },
  'cut in the middle of chunks': {
    story: `${OPEN}0.03 c PA text=GET_/_HTTP/1.1||\n 0.05 s A\n 0.06 s PA text=HTTP/1.1_200_OK|Transfer-Encoding:_chunked||3|abc|\n 0.07 c A\n 0.08 s FA\n 0.081 c FA\n 0.1 s A`,
    verdict: 'premature-end',
    culprit: 'server-app',
    client: 'end-in-message',
  },
  'chunks to the last one': {
    story: `${OPEN}0.03 c PA text=GET_/_HTTP/1.1||\n 0.05 s A\n 0.06 s PA text=HTTP/1.1_200_OK|Transfer-Encoding:_chunked||3|abc|\n 0.061 s PA text=0||\n 0.07 c A\n 0.08 s FA\n 0.081 c FA\n 0.1 s A`,
    verdict: 'healthy',
    culprit: 'none',
  },
  'many small requests, and a reset in place of the last answer': {
    story: `${OPEN}${Array.from({ length: 9 }, (_, k) => `${k + 1} c PA 500\n ${k + 1}.02 s PA 490\n`).join(' ')} 11 c PA 500\n 11.02 s RA`,
    verdict: 'unread-data',
    culprit: 'server-app',
    resetBy: 'server-host',
  },
  'a fatal TLS alert': {
    story: `${ASK}0.06 s PA text=\u0015\u0003\u0003\u0000\u0002\u0002\u0028\n 0.061 c A\n 0.07 s FA\n 0.071 c FA\n 0.09 s A`,
    verdict: 'tls-alert',
    culprit: 'server-app',
  },
  'closed in place of an answer': {
    story: `${ASK}0.3 s FA\n 0.31 c FA\n 0.33 s A`,
    verdict: 'closed-without-answer',
    culprit: 'server-app',
    client: 'end-in-message',
  },
  'accepted and closed': {
    story: `${OPEN}0.03 s FA\n 0.031 c FA\n 0.05 s A`,
    verdict: 'closed-at-once',
    culprit: 'server-app',
    client: 'end-of-file',
  },
  'a close that is never answered': {
    story: `${TALK}0.07 c FA\n 0.09 s A\n 60.1 c R bare`,
    verdict: 'close-not-finished',
    culprit: 'server-app',
    resetBy: 'client-host',
  },
  'closed after a pause': {
    story: `${TALK}5 s FA\n 5.001 c FA\n 5.02 s A`,
    verdict: 'closed-while-idle',
    culprit: 'server-app',
    client: 'end-of-file',
  },
  'a reset in place of a FIN': {
    story: `${TALK}0.2 c RA`,
    verdict: 'ended-by-reset',
    culprit: 'none',
    resetBy: 'client-host',
    client: 'nothing',
  },
  'a router says that it cannot reach the host, and quotes eight octets of TCP': {
    story: '0 c S\n 3.1 icmp 3/1 10.1.0.1 8',
    verdict: 'host-unreachable',
    culprit: null,
    client: 'connect-host-unreachable',
  },
  'a close_notify of TLS after the FIN: the client closes as well': {
    story: `${OPEN}0.03 c PA text=\u0016\u0003\u0003\u0000\u0002ab
      0.05 s PA text=\u0017\u0003\u0003\u0000\u0002ab
      0.051 c A
      0.2 s FA
      0.2201 c PA text=\u0015\u0003\u0003\u0000\u0004abcd
      0.2401 s R bare`,
    verdict: 'ended-by-reset',
    culprit: 'none',
    resetBy: 'server-host',
    client: 'nothing',
  },
  'a SYN was lost': {
    story: `0 c S\n 1 c S seq=-1\n 1.02 s SA\n 1.021 c A\n 1.03 c PA 10\n 1.05 s PA 10\n 1.06 c A`,
    verdict: 'slow-connect',
    culprit: 'path',
    client: 'nothing',
  },
  'an answer that takes its time': {
    story: `${ASK}3 s PA 200\n 3.01 c FA\n 3.03 s FA\n 3.031 c A`,
    verdict: 'slow-server',
    culprit: 'server-app',
    client: 'nothing',
  },
  'a window that closes and opens': {
    story: `${OPEN}0.03 c A 1400\n 0.05 s A win=0\n 0.3 c A seq=-1\n 0.32 s A win=0\n 0.9 s A\n 0.91 c PA 100\n 0.93 s A\n 0.94 c FA\n 0.96 s FA\n 0.961 c A`,
    verdict: 'slow-receiver',
    culprit: 'server-app',
    client: 'nothing',
  },
  'a long way': {
    story: '0 c S\n 0.4 s SA\n 0.401 c A\n 0.41 c PA 10\n 0.81 s PA 10\n 0.811 c FA\n 1.21 s FA\n 1.211 c A',
    verdict: 'slow-network',
    culprit: 'path',
    client: 'nothing',
  },
  'packets are lost': {
    story: `${OPEN}0.03 c PA 100\n 0.3 c PA again\n 0.32 s A\n 0.33 c PA 100\n 0.6 c PA again\n 0.62 s A\n 0.63 c PA 100\n 0.9 c PA again\n 0.92 s PA 10\n 0.93 c FA\n 0.95 s FA\n 0.951 c A`,
    verdict: 'loss',
    culprit: 'path',
    client: 'nothing',
  },
  'small writes wait': {
    story: `0 c S\n 0.001 s SA\n 0.0011 c A\n 0.002 c PA 10\n 0.043 s A\n 0.0431 c PA 10\n 0.045 s PA 10\n 0.046 c PA 10\n 0.087 s A\n 0.0871 c PA 10\n 0.089 s PA 10\n 0.09 c FA\n 0.091 s FA\n 0.0911 c A`,
    verdict: 'delayed-ack-nagle',
    culprit: 'client-app',
    client: 'nothing',
  },
  'an end in order': { story: DONE, verdict: 'healthy', culprit: 'none', client: 'nothing' },
  'half-closed, and answered then': {
    story: `${OPEN}0.03 c PA 100\n 0.031 c FA\n 0.05 s A\n 0.3 s PA 2000\n 0.301 c A\n 0.31 s FA\n 0.311 c A`,
    verdict: 'healthy',
    culprit: 'none',
  },
  'a blind reset that is not believed': {
    story: `${TALK}0.2 s R bare seq=30000 ttl=90\n 0.3 c PA 50\n 0.32 s PA 50\n 0.33 c FA\n 0.35 s FA\n 0.351 c A`,
    verdict: 'healthy',
    culprit: 'none',
  },
}

export const STORIES: Readonly<Record<string, Told>> = { ...OF_CONNECTIONS, ...OF_APPLICATIONS }
