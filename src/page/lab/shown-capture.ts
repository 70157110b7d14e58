/** A capture that was dropped on the page: its connections, and what became of each. */

import { CaptureDiagnoser } from '../../analyze/outside/capture-diagnoser.ts'
import { CaptureReader } from '../../capture/capture-reader.ts'
import { Dissector } from '../../dissect/dissect.ts'
import { CLIENT, FlowRecorder, SERVER } from '../../flows/flow-recorder.ts'
import { SequenceAnalysis } from '../../flows/sequence-analysis.ts'
import { outcomeOf, Timeline } from '../../lab/index.ts'
import { connectionsIn } from '../../trace/connections.ts'
import { type Shown, verdicts } from './shown.ts'

/** Packets of one connection that are shown; the rest is counted. */
const MOST_PACKETS = 20_000
const MOST_STREAMS = 10_000

export interface Stream {
  readonly number: number
  /** '10.0.0.1:4000 – 10.0.0.2:80, 12 packets: closed normally' */
  readonly label: string
}

export class OpenCapture {
  readonly name: string
  readonly streams: readonly Stream[]
  readonly packets: number
  readonly #octets: Uint8Array
  readonly #diagnoses: readonly (readonly string[])[]

  /** @throws Error where it cannot be read, with what was expected. */
  constructor(name: string, octets: Uint8Array) {
    this.name = name
    this.#octets = octets
    const diagnoser = new CaptureDiagnoser()
    this.packets = read(octets, (record) => diagnoser.take(record))
    const streams: Stream[] = []
    const diagnoses: string[][] = []
    for (const diagnosis of diagnoser.report().connections) {
      const { stream, client, server, sentence, evidence, causes, next } = diagnosis
      if (stream < 0) continue
      if (streams.length >= MOST_STREAMS) break
      streams.push({ number: stream, label: `${stream}: ${client} – ${server}: ${sentence}` })
      diagnoses[stream] = [
        sentence,
        ...evidence.map(({ frame, text }) => `Frame ${frame}: ${text}`),
        ...causes.map(({ cause, toTellApart }) => `Likely: ${cause}. ${toTellApart}`),
        ...next.map((step) => `Next: ${step}`),
      ]
    }
    if (streams.length === 0) throw new Error('There is no TCP connection in this capture.')
    this.streams = streams
    this.#diagnoses = diagnoses
  }

  stream(number: number): Shown {
    const recorder = new FlowRecorder(MOST_PACKETS)
    const analysis = new SequenceAnalysis()
    const dissector = new Dissector((packet, tcp) => {
      const said = analysis.analyze(packet, tcp)
      if (said.stream === number && !packet.isQuoted) recorder.packet(packet, tcp, said)
    })
    read(this.#octets, (record) => dissector.dissect(record))
    const { events, addresses } = recorder
    const pairs = connectionsIn(events)
    const left = recorder.packets - MOST_PACKETS
    return {
      kind: 'capture',
      title: `${this.name}, stream ${number}`,
      words: [...(this.#diagnoses[number] ?? []), ...verdicts(events, pairs)],
      timeline: new Timeline(events, (_event, index) => index),
      pairs,
      hosts: [CLIENT, SERVER],
      addresses,
      tracks: null,
      outcome: outcomeOf(events),
      end: left > 0 ? `Only the first ${MOST_PACKETS} packets are shown; there are ${left} more.` : '',
      sender: () => null,
      capture: () => ({ name: this.name, octets: this.#octets }),
    }
  }
}

type Take = ConstructorParameters<typeof CaptureReader>[0]

function read(octets: Uint8Array, take: Take): number {
  let packets = 0
  const reader = new CaptureReader((record) => {
    packets++
    take(record)
  })
  reader.readWhole(octets)
  if (packets === 0) {
    const why = reader.error === null ? 'it has no packets' : reader.error.message
    throw new Error(
      `This is no capture that can be read: ${why}. Expected pcap, pcapng, snoop or tcpdump's text.`,
    )
  }
  return packets
}
