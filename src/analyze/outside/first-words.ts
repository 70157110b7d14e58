/** Which protocol a side's first words are of, where it tells what to expect of the other side. */

import { readUint16 } from '../../bytes/big-endian.ts'
import type { SideFacts } from './facts.ts'

/** Values of `firstWords`. */
export const NO_WORDS = 0
export const HTTP_WORDS = 1
export const TLS_WORDS = 2
export const MQTT_WORDS = 3
export const OTHER_WORDS = 4
/** The beginning is not in the capture, or not enough of it. */
export const UNKNOWN_WORDS = 5
/** HTTP, until the server switched to another protocol (status 101), as WebSocket does. */
export const SWITCHED_WORDS = 6

const TLS_CHANGE_CIPHER = 20
const TLS_APPLICATION_DATA = 23
const TLS_MAJOR = 3
const MQTT_CONNECT = 0x10
/** Its remaining length has up to four octets. */
const MQTT_NAME_BY = 7
const LONGEST_METHOD = 8
const SLASH = 0x2f
/** Octets by which any of these is known. */
const TELLING = 2

/** @param at where the side's first octets stand, `held` of them. */
export function wordsOf(bytes: Uint8Array, at: number, held: number): number {
  if (isTls(bytes, at, held)) return TLS_WORDS
  if (isHttp(bytes, at, held)) return HTTP_WORDS
  if (isMqttConnect(bytes, at, held)) return MQTT_WORDS
  return held >= TELLING ? OTHER_WORDS : UNKNOWN_WORDS
}

function isTls(bytes: Uint8Array, at: number, held: number): boolean {
  if (held < 2 || bytes[at + 1] !== TLS_MAJOR) return false
  return bytes[at]! >= TLS_CHANGE_CIPHER && bytes[at]! <= TLS_APPLICATION_DATA
}

/** `HTTP/1.1 200`, or a method and what it is about: `GET /`, `CONNECT host:443`, `OPTIONS *`, `GET http://host/`. */
function isHttp(bytes: Uint8Array, at: number, held: number): boolean {
  let letters = 0
  while (letters < held && letters <= LONGEST_METHOD && isCapital(bytes[at + letters]!)) letters++
  if (letters < 3 || letters >= held) return false
  if (bytes[at + letters] === SLASH) return letters === 4 && bytes[at + letters + 1] === 0x31
  if (bytes[at + letters] !== 0x20) return false
  return METHODS.has(String.fromCharCode(...bytes.subarray(at, at + letters)))
}
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'])

const isCapital = (octet: number): boolean => octet >= 0x41 && octet <= 0x5a

/** MQTT 3.1.1, 3.1: CONNECT, its length, and the protocol's name behind the name's length. */
function isMqttConnect(bytes: Uint8Array, at: number, held: number): boolean {
  if (held < MQTT_NAME_BY || bytes[at] !== MQTT_CONNECT) return false
  let name = at + 1
  while ((bytes[name]! & 0x80) !== 0 && name < at + 4) name++
  name++
  if (name + 4 > at + held || readUint16(bytes, name) > 6) return false
  return bytes[name + 2] === 0x4d && bytes[name + 3] === 0x51
}

/** Whoever begins so waits for an answer, as long as there was none. */
export const asks = (client: SideFacts, server: SideFacts): boolean =>
  server.octets === 0 && (client.firstWords === HTTP_WORDS || client.firstWords === TLS_WORDS)

/** Behind the answer to MQTT's CONNECT, or to an upgrade to WebSocket, messages need no answers. */
export const publishes = (client: SideFacts, server: SideFacts): boolean =>
  server.octets > 0 && (client.firstWords === MQTT_WORDS || client.firstWords === SWITCHED_WORDS)
