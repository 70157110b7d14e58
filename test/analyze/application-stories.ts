/** Stories that turn upon what the applications do: readers in their own time, requests and streams, TLS. */

import { OPEN, type Told } from './told.ts'

export const OF_APPLICATIONS: Readonly<Record<string, Told>> = {
  'a reader in its own time: its window closes and opens again and again': {
    story: `${OPEN}0.03 c PA 100
      0.05 s A 1400
      0.051 c A win=0
      1.5 c A
      1.52 s A 1400
      1.521 c A win=0
      3 c A
      3.02 s A 1400
      3.021 c A win=0
      3.5 s A seq=-1
      3.501 c A win=0
      5 s A seq=-1
      5.001 c A win=0`,
    verdict: 'slow-receiver',
    culprit: 'client-app',
  },
  'such a reader goes away while its window is closed': {
    story: `${OPEN}0.03 c PA 100
      0.05 s A 1400
      0.051 c A win=0
      1.5 c A
      1.52 s A 5000
      1.521 c A win=0
      2.5 c RA win=0`,
    verdict: 'download-aborted',
    culprit: 'client-app',
    resetBy: 'client-host',
  },
  'the path dies in the middle of segments of the size that passed before': {
    story: `${OPEN}0.03 c A 1400
      0.05 s A
      0.06 c A 1400
      0.3 c A again
      0.9 c A again
      2.1 c A again`,
    verdict: 'unacknowledged',
    culprit: 'path',
  },
  'a message of an unknown protocol, and silence to the end': {
    story: `${OPEN}0.03 c PA 60\n 0.05 s A\n 9 c A\n 9.02 s A`,
    verdict: 'healthy',
    culprit: 'none',
  },
  'a request of HTTP, and silence to the end': {
    story: `${OPEN}0.03 c PA text=GET_/_HTTP/1.1||\n 0.05 s A\n 9 c A\n 9.02 s A`,
    verdict: 'no-response',
    culprit: 'server-app',
    client: 'read-timeout',
  },
  'TLS for a port that speaks HTTP': {
    story: `${OPEN}0.03 c PA text=\u0016\u0003\u0001\u0000\u0002ab
      0.05 s PA text=HTTP/1.1_400_Bad_Request||
      0.051 s FA
      0.06 c RA`,
    verdict: 'protocol-mismatch',
    culprit: 'client-app',
    resetBy: 'client-host',
  },
  'HTTP for a port that speaks TLS': {
    story: `${OPEN}0.03 c PA text=GET_/||
      0.05 s PA text=\u0015\u0003\u0001\u0000\u0002\u0002F
      0.051 s FA
      0.06 c FA
      0.08 s A`,
    verdict: 'protocol-mismatch',
    culprit: 'client-app',
  },
  'a message of WebSocket, and a close two seconds later': {
    story: `${OPEN}0.03 c PA text=GET_/_HTTP/1.1|Upgrade:_websocket||
      0.05 s PA text=HTTP/1.1_101_Switching|Upgrade:_websocket||
      0.06 c PA 100
      0.08 s A
      2.1 c FA
      2.12 s FA
      2.13 c A`,
    verdict: 'healthy',
    culprit: 'none',
  },
  'the client has waited long enough for a body that comes drop by drop': {
    story: `${OPEN}0.03 c PA text=GET_/_HTTP/1.1||
      0.05 s PA text=HTTP/1.1_200_OK|Content-Length:_5000||abc
      0.06 c A
      0.5 s PA 100
      0.51 c A
      0.6 c FA
      0.7 s PA 100
      0.71 c R bare`,
    verdict: 'download-aborted',
    culprit: 'client-app',
    resetBy: 'client-host',
  },
  'a session of TLS 1.3 that is taken up again and ended by its client': {
    story: `${OPEN}0.03 c PA text=\u0016\u0003\u0003\u0000\u0002ab
      0.05 s PA text=\u0016\u0003\u0003\u0000\u0002ab
      0.06 c PA text=\u0017\u0003\u0003\u0000\u0035${'a'.repeat(53)}
      0.061 c FA
      0.08 s PA text=\u0017\u0003\u0003\u0000\u0013${'a'.repeat(19)}
      0.081 s FA
      0.09 c R bare`,
    verdict: 'ended-by-reset',
    culprit: 'none',
    resetBy: 'client-host',
  },
  'a stream that the server ends': {
    story: `${OPEN}0.03 c PA 37
      0.05 s A
      0.1 c PA 5000
      0.15 s A
      0.5 c PA 5000
      0.51 s A
      0.58 c PA 5000
      0.59 s A
      0.6 s FA
      0.61 c FA
      0.63 s A`,
    verdict: 'healthy',
    culprit: 'none',
  },
  'Java does not trust the server: an alert in TLS 1.3, padded': {
    story: `${OPEN}0.03 c PA text=\u0016\u0003\u0003\u0000\u0002ab
      0.05 s PA text=\u0016\u0003\u0003\u0000\u0002ab
      0.06 c PA text=\u0014\u0003\u0003\u0000\u0001\u0001
      0.08 s A
      0.09 c PA text=\u0017\u0003\u0003\u0000\u0023${'a'.repeat(35)}
      0.11 s FA
      0.12 c FA
      0.14 s A`,
    verdict: 'tls-alert',
    culprit: 'client-app',
  },
}
