/** What the ends of a connection are called. */

import * as w from '../../flows/conversation-words.ts'
import type { Conversations } from '../../flows/conversations.ts'
import { type Address, addressOf, formatAddress, socketText } from '../../wire/address.ts'
import { type CaptureDiagnosis, type Naming, plainDiagnosis } from './capture-diagnosis.ts'

/** @param stream in the whole capture, of the connection that has the number `id` among the conversations. */
export function namingOf(
  conversations: Conversations,
  id: number,
  stream: number,
  clientIsA: boolean,
): Naming {
  const { a, b, portA, portB } = endsOf(conversations, id)
  const [client, server] = clientIsA ? [a, b] : [b, a]
  const [clientPort, serverPort] = clientIsA ? [portA, portB] : [portB, portA]
  return {
    stream,
    client: socketText(client, clientPort),
    server: socketText(server, serverPort),
    target: `${formatAddress(server)}:${serverPort}`,
    clientAddress: formatAddress(client),
    serverAddress: formatAddress(server),
  }
}

/** Of a plainly healthy connection: its client began. */
export function plainDiagnosisOf(conversations: Conversations, id: number, stream: number): CaptureDiagnosis {
  const { a, b, portA, portB } = endsOf(conversations, id)
  return plainDiagnosis(stream, socketText(a, portA), socketText(b, portB))
}

function endsOf(
  conversations: Conversations,
  id: number,
): { a: Address; b: Address; portA: number; portB: number } {
  conversations.select(id)
  const { words, at } = conversations
  const version = (words[at + w.BITS]! & w.IS_IPV6) !== 0 ? 6 : 4
  const ports = words[at + w.PORTS]!
  return {
    a: wordsToAddress(words, at + w.ADDRESS_A, version),
    b: wordsToAddress(words, at + w.ADDRESS_B, version),
    portA: ports >>> 16,
    portB: ports & 0xffff,
  }
}

function wordsToAddress(words: Int32Array, at: number, version: 4 | 6): Address {
  return addressOf(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!, version)
}
