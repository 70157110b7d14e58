/** A capture that was dropped on the page: its connections, and what became of each. */

import { CaptureDiagnoser } from '../../analyze/outside/capture-diagnoser.ts'
import type { CaptureDiagnosis } from '../../analyze/outside/capture-diagnosis.ts'
import { JoinedCaptures } from '../../analyze/outside/joined-captures.ts'
import { StreamRecording } from '../../analyze/outside/stream-recording.ts'
import { PlaceCapture } from '../../analyze/outside/two-captures.ts'
import { CaptureReader } from '../../capture/capture-reader.ts'
import { CLIENT, SERVER } from '../../flows/flow-recorder.ts'
import { type Shown, shownEvents, verdicts } from './shown.ts'

/** Packets of one connection that are shown; the rest is counted. */
const MOST_PACKETS = 20_000
const MOST_STREAMS = 10_000

export interface Stream {
  readonly number: number
  /** '0: 10.0.0.1:4000 – 10.0.0.2:80: closed normally' */
  readonly label: string
}

/** What was opened, of which one connection is shown at a time. */
export interface OpenStreams {
  readonly streams: readonly Stream[]
  stream(number: number): Shown
}

export class OpenCapture implements OpenStreams {
  readonly name: string
  readonly streams: readonly Stream[]
  readonly #octets: Uint8Array
  /** Connections that are not among `streams`. */
  readonly #unlisted: number
  readonly #diagnoses: readonly (readonly string[])[]

  /** @throws Error where it cannot be read, with what was expected. */
  constructor(name: string, octets: Uint8Array) {
    this.name = name
    this.#octets = octets
    const diagnoser = new CaptureDiagnoser()
    read(octets, (record) => diagnoser.take(record))
    const streams: Stream[] = []
    const diagnoses: string[][] = []
    let unlisted = 0
    for (const diagnosis of diagnoser.report().connections) {
      const { stream, client, server, sentence } = diagnosis
      if (stream < 0) continue
      if (streams.length >= MOST_STREAMS) {
        unlisted++
        continue
      }
      streams.push({ number: stream, label: `${stream}: ${client} – ${server}: ${sentence}` })
      diagnoses[stream] = diagnosisWords(diagnosis)
    }
    if (streams.length === 0) throw new Error('There is no TCP connection in this capture.')
    this.streams = streams
    this.#diagnoses = diagnoses
    this.#unlisted = unlisted
  }

  stream(number: number): Shown {
    const { recorder } = recorded(this.#octets, number)
    const { events, addresses } = recorder
    const told = shownEvents(events)
    return {
      kind: 'capture',
      title: `${this.name}, stream ${number}`,
      words: [...(this.#diagnoses[number] ?? []), ...verdicts(events, told.pairs)],
      ...told,
      hosts: [CLIENT, SERVER],
      addresses,
      end: [
        cutWords(recorder.packets),
        this.#unlisted > 0
          ? `Only the first ${MOST_STREAMS} connections are listed; there are ${this.#unlisted} more: elko diagnose has them.`
          : '',
      ]
        .join(' ')
        .trim(),
      capture: () => ({ name: this.name, octets: this.#octets }),
    }
  }
}

/** Two captures of the same connections, one taken at each end. */
export class OpenTwoCaptures implements OpenStreams {
  readonly streams: readonly Stream[]
  readonly #files: readonly [NamedOctets, NamedOctets]
  readonly #joined: JoinedCaptures

  /** @throws Error where one cannot be read, or they have no connection in common. */
  constructor(files: readonly [NamedOctets, NamedOctets]) {
    const places = [new PlaceCapture(), new PlaceCapture()] as const
    for (const [i, { octets }] of files.entries()) read(octets, (record) => places[i]!.take(record))
    this.#files = files
    this.#joined = new JoinedCaptures(places)
    const { shared } = this.#joined
    if (shared.length === 0) throw new Error('They have no TCP connection in common.')
    this.streams = shared.slice(0, MOST_STREAMS).map(({ compared: { diagnosis }, streams }) => {
      const { client, server, sentence } = diagnosis
      return { number: streams[0], label: `${streams[0]}: ${client} – ${server}: ${sentence}` }
    })
  }

  stream(number: number): Shown {
    const one = this.#joined.shared.find(({ streams }) => streams[0] === number)!
    const [first, second] = this.#files
    const recordings = [
      recorded(first.octets, one.streams[0]),
      recorded(second.octets, one.streams[1]),
    ] as const
    const { events, addresses } = this.#joined.join(one, recordings)
    const told = shownEvents(events)
    const [atClient, atServer] = this.#joined.nearClient === 0 ? [first, second] : [second, first]
    return {
      kind: 'capture',
      title: `${first.name} and ${second.name}, stream ${number}`,
      words: [
        ...diagnosisWords(one.compared.diagnosis),
        `${atClient.name} was taken nearer to the client, ${atServer.name} nearer to the server.`,
        ...verdicts(events, told.pairs),
      ],
      ...told,
      hosts: [CLIENT, SERVER],
      addresses,
      end: cutWords(Math.max(...recordings.map(({ recorder }) => recorder.packets))),
      capture: () => atClient,
      captures: { client: atClient.octets, server: atServer.octets },
    }
  }
}

export interface NamedOctets {
  readonly name: string
  readonly octets: Uint8Array
}

function recorded(octets: Uint8Array, stream: number): StreamRecording {
  const recording = new StreamRecording(stream, MOST_PACKETS)
  read(octets, (record) => recording.take(record))
  return recording
}

function diagnosisWords({ sentence, evidence, causes, next }: CaptureDiagnosis): string[] {
  return [
    sentence,
    ...evidence.map(({ frame, text }) => `Frame ${frame}: ${text}`),
    ...causes.map(({ cause, toTellApart }) => `Likely: ${cause}. ${toTellApart}`),
    ...next.map((step) => `Next: ${step}`),
  ]
}

function cutWords(packets: number): string {
  const left = packets - MOST_PACKETS
  return left > 0 ? `Only the first ${MOST_PACKETS} packets are shown; there are ${left} more.` : ''
}

type Take = ConstructorParameters<typeof CaptureReader>[0]

function read(octets: Uint8Array, take: Take): void {
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
}
