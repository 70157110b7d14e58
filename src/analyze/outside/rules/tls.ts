/** Connections that are fine, and TLS on them is not. */

import { type Case, cause, evidence, type Rule, resetEvidence } from '../case.ts'
import { HTTP_WORDS, MQTT_WORDS, OTHER_WORDS, TLS_WORDS } from '../first-words.ts'
import { ALERTS } from '../framing.ts'

const resetterOf = ({ reset }: Case): 'client-host' | 'server-host' | null =>
  reset === null ? null : reset.fromClient ? 'client-host' : 'server-host'

/** null: both speak TLS, or neither, or one said nothing. */
function speakerOfTls({ client, server }: Case): 'client' | 'server' | null {
  if (client.firstWords === TLS_WORDS) return IN_THE_CLEAR.has(server.firstWords) ? 'client' : null
  return client.firstWords === HTTP_WORDS && server.firstWords === TLS_WORDS ? 'server' : null
}
const IN_THE_CLEAR: ReadonlySet<number> = new Set([HTTP_WORDS, MQTT_WORDS, OTHER_WORDS])

const protocolMismatch: Rule = {
  verdict: 'protocol-mismatch',
  applies: (c) => speakerOfTls(c) !== null,
  tell: (c) => {
    const byClient = speakerOfTls(c) === 'client'
    const isHttp = (byClient ? c.server : c.client).firstWords === HTTP_WORDS
    const other = isHttp ? 'plain HTTP' : 'something else in the clear'
    return {
      culprit: 'client-app',
      confidence: 'certain',
      ambiguous: false,
      resetBy: resetterOf(c),
      detail: byClient
        ? `the client begins with a TLS handshake, the server answers with ${other}`
        : 'the client begins with plain HTTP, the server answers with TLS',
      evidence: evidence(
        [c.client.firstText, byClient ? 'ClientHello' : 'a request in the clear'],
        [c.server.firstText, byClient ? `${other}, where ServerHello was due` : 'a record of TLS'],
        resetEvidence(c),
      ),
      client: 'nothing',
      server: 'nothing',
      causes: [
        cause(
          byClient
            ? 'the client uses https, or TLS, for a port that speaks in the clear: wrong port or scheme'
            : 'the client uses http for a port that speaks TLS: wrong port or scheme',
          'client-app',
          byClient
            ? 'its TLS library says "wrong version number", "packet length too long" or "Unsupported or unrecognized SSL message"'
            : 'it says "empty reply", "socket hang up" or a parse error',
        ),
        cause(
          byClient ? 'TLS is not enabled on the server' : 'TLS was enabled on the server by mistake',
          'server-app',
          'its configuration of that port',
        ),
      ],
      next: [
        '`openssl s_client -connect HOST:PORT` and `curl -v http://HOST:PORT/`: which of them is answered?',
        'this is TLS, not TCP: the connection itself was fine',
      ],
    }
  },
}

const tlsAlert: Rule = {
  verdict: 'tls-alert',
  applies: ({ client, server }) => Math.max(client.fatalAlert, server.fatalAlert) >= 0,
  tell: (c) => {
    const byClient = c.client.fatalAlert >= 0
    const side = byClient ? c.client : c.server
    const alert = ALERTS[side.fatalAlert] ?? `number ${side.fatalAlert}`
    return {
      culprit: byClient ? 'client-app' : 'server-app',
      confidence: 'certain',
      ambiguous: false,
      resetBy: resetterOf(c),
      detail: `the ${byClient ? 'client' : 'server'} sent ${alert}`,
      evidence: evidence([side.lastText, `alert: ${alert}`], [side.fin, 'FIN']),
      client: 'nothing',
      server: 'nothing',
      causes: [
        cause(
          `the ${byClient ? 'client' : 'server'} does not accept what the other offers in TLS: version, cipher, name or certificate`,
          byClient ? 'client-app' : 'server-app',
          `the alert says ${alert}; the TLS library's error has the same word`,
        ),
      ],
      next: [
        '`openssl s_client -connect HOST:PORT -servername NAME`',
        'this is TLS, not TCP: the connection itself was fine',
      ],
    }
  },
}

/** A record of TLS 1.3 that holds an alert and nothing else (RFC 8446 5.2): header, level and description, type, tag. */
const ENCRYPTED_ALERT = 5 + 2 + 1 + 16
/** TLS 1.3's ChangeCipherSpec, which means nothing. */
const CHANGE_CIPHER = 6
/** Java pads. */
const PADDING = 16
const ALERT_LENGTHS: ReadonlySet<number> = new Set(
  [0, PADDING, CHANGE_CIPHER, PADDING + CHANGE_CIPHER].map((more) => ENCRYPTED_ALERT + more),
)
/** Who answers so soon has not waited for anything, seconds. */
const AT_ONCE = 0.2

const speakTls = ({ client, server }: Case): boolean =>
  client.firstWords === TLS_WORDS && server.firstWords === TLS_WORDS

/** One flight each way, and then no more than an alert can hold: at the client, in place of its Finished. */
function encryptedAlertOf(c: Case): 'client' | 'server' | null {
  const { client, server, reset, rtt } = c
  if (!speakTls(c) || client.answers !== 1) return null
  const isOver = client.fin.happened || server.fin.happened || reset !== null
  if (server.answers === 1) return isOver && ALERT_LENGTHS.has(client.sinceAnswer) ? 'client' : null
  // Who says goodbye is answered by a goodbye.
  if (client.fin.happened && client.fin.frame < server.lastText.frame) return null
  const isAnswer = server.answers === 2 && server.sinceAnswer === ENCRYPTED_ALERT
  const isAtOnce = server.fin.at - client.lastText.at < 2 * rtt + AT_ONCE
  return isAnswer && server.fin.happened && isAtOnce && server.fin.at >= server.lastText.at ? 'server' : null
}

const encryptedAlert: Rule = {
  verdict: 'tls-alert',
  applies: (c) => encryptedAlertOf(c) !== null,
  tell: (c) => {
    const who = encryptedAlertOf(c)!
    const byClient = who === 'client'
    const side = c.side(byClient)
    const culprit = byClient ? 'client-app' : 'server-app'
    return {
      culprit,
      confidence: 'likely',
      ambiguous: false,
      resetBy: resetterOf(c),
      detail: byClient
        ? 'where the Finished of the client was due it sent an encrypted record of the length of an alert'
        : 'the server answered the end of the handshake with an encrypted record of the length of an alert, and closed',
      evidence: evidence(
        [c.server.firstText, 'ServerHello'],
        [side.lastText, 'as long as an alert, encrypted'],
        [side.fin, 'FIN'],
        resetEvidence(c),
      ),
      client: 'nothing',
      server: 'nothing',
      causes: [
        cause(
          byClient
            ? 'the client does not trust the certificate of the server, or its name or date is wrong'
            : 'the server wants a certificate of the client, and got none or does not accept it',
          culprit,
          `the TLS library of the ${who} logs which alert it sent; the other side's error has the same word`,
        ),
      ],
      next: [
        '`openssl s_client -connect HOST:PORT -servername NAME`, with and without `-cert`',
        'this is TLS, not TCP: the connection itself was fine',
      ],
    }
  },
}

/** Before all rules of resets: what TLS says explains them. */
export const TLS_RULES: readonly Rule[] = [protocolMismatch, tlsAlert, encryptedAlert]
