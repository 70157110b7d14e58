/** Captures as sources of pictures: one connection of one file, or of two that were taken at both its ends. */

import { bothEnds } from '../analyze/outside/both-ends.ts'
import { CaptureDiagnoser } from '../analyze/outside/capture-diagnoser.ts'
import type { CaptureDiagnosis } from '../analyze/outside/capture-diagnosis.ts'
import {
  type ComparedConnection,
  type Comparison,
  compareCaptures,
  PlaceCapture,
  sameFrames,
} from '../analyze/outside/two-captures.ts'
import { Dissector } from '../dissect/dissect.ts'
import { CLIENT, FlowRecorder, SERVER } from '../flows/flow-recorder.ts'
import { SequenceAnalysis } from '../flows/sequence-analysis.ts'
import type { TraceEvent } from '../trace/events.ts'
import { InputError, UsageError } from './arguments.ts'
import { noSuchStream, readCaptureFile } from './capture-input.ts'
import { bannerOf } from './diagnosis-lines.ts'
import type { Asked, Source } from './source.ts'

const HOSTS = [CLIENT, SERVER]
/** The number that the recorder gives its connection. */
const CONNECTION = { host: CLIENT, connection: 1 }

/** @param path "-": standard input. */
export async function captureSource(path: string, asked: Asked): Promise<Source> {
  const { stream = 0, most, tunnels } = asked
  const diagnoser = new CaptureDiagnoser(null, tunnels)
  const read = await record(path, stream, asked, diagnoser)
  const { recorder, streams } = read
  if (recorder.packets === 0) throw noSuchStream(path, stream, streams)
  diagnoser.noteDrops(read.drops)
  const diagnosis = ofStream(diagnoser.report().connections, stream)
  return {
    events: recorder.events,
    hosts: HOSTS,
    addresses: recorder.addresses,
    title: titleOf(path, stream, streams),
    banner: diagnosis === undefined ? null : bannerOf(diagnosis),
    connection: CONNECTION,
    isCapture: true,
    epochUs: recorder.startUs,
    left: Math.max(0, recorder.packets - most),
  }
}

function ofStream(diagnoses: Iterable<CaptureDiagnosis>, stream: number): CaptureDiagnosis | undefined {
  for (const diagnosis of diagnoses) if (diagnosis.stream === stream) return diagnosis
  return undefined
}

interface Recorded {
  readonly recorder: FlowRecorder
  /** Connections in the file. */
  readonly streams: number
  /** Packets that the capture lost, where the file says so. */
  readonly drops: number | null
  readonly captureUs: { readonly first: number; readonly last: number }
}

async function record(
  path: string,
  stream: number,
  { most, tunnels }: Asked,
  diagnoser: CaptureDiagnoser | null,
): Promise<Recorded> {
  const recorder = new FlowRecorder(most)
  const analysis = new SequenceAnalysis()
  const dissector = new Dissector((packet, tcp) => {
    const said = analysis.analyze(packet, tcp)
    if (said.stream === stream && !packet.isQuoted) recorder.packet(packet, tcp, said)
  }, tunnels)
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  const { drops } = await readCaptureFile(path, (captured) => {
    const us = captured.seconds * 1e6 + Math.floor(captured.nanoseconds / 1000)
    first = Math.min(first, us)
    last = Math.max(last, us)
    diagnoser?.take(captured)
    dissector.dissect(captured)
  })
  return { recorder, streams: analysis.conversations.count, drops, captureUs: { first, last } }
}

function titleOf(path: string, stream: number, streams: number): string {
  const name = path === '-' ? 'standard input' : path
  return streams === 1 ? name : `${name}: stream ${stream} of 0 to ${streams - 1}`
}

/** @throws UsageError for standard input, which can be read only once. */
export async function twoCapturesSource(paths: readonly [string, string], asked: Asked): Promise<Source> {
  if (paths.includes('-')) throw new UsageError('two captures: expected two files, as each is read twice')
  const places = [new PlaceCapture(asked.tunnels), new PlaceCapture(asked.tunnels)] as const
  for (const [index, path] of paths.entries())
    await readCaptureFile(path, (captured) => places[index]!.take(captured))
  const comparison = compareCaptures(...places)
  const found = sharedConnection(paths, comparison, asked.stream)
  const { nearClient, clockOffset } = comparison
  const [clientPath, serverPath] = nearClient === 0 ? paths : [paths[1], paths[0]]
  const [atClient, atServer] = nearClient === 0 ? places : [places[1], places[0]]
  const streams = { client: found.streams.client!, server: found.streams.server! }
  const client = await record(clientPath, streams.client, asked, null)
  const server = await record(serverPath, streams.server, asked, null)
  const frames = sameFrames(atClient.legs.get(streams.client)!, atServer.legs.get(streams.server)!)
  const aheadUs = Math.round((nearClient === 0 ? clockOffset : -clockOffset) * 1e6)
  const end = ({ recorder, captureUs }: Recorded) => {
    return { events: recorder.events, startUs: recorder.startUs, captureUs }
  }
  const events = bothEnds({ client: end(client), server: end(server), frames, aheadUs })
  return {
    events: [...remarks(found, aheadUs), ...events],
    hosts: HOSTS,
    addresses: {
      [CLIENT]: client.recorder.addresses[CLIENT]!,
      [SERVER]: server.recorder.addresses[SERVER]!,
    },
    title: `${titleOf(clientPath, streams.client, client.streams)} and ${titleOf(serverPath, streams.server, server.streams)}`,
    banner: bannerOf(found.diagnosis),
    connection: CONNECTION,
    isCapture: true,
    left: Math.max(0, client.recorder.packets - asked.most, server.recorder.packets - asked.most),
  }
}

/** @param stream in the first file. */
function sharedConnection(
  paths: readonly [string, string],
  { nearClient, connections }: Comparison,
  stream: number | undefined,
): ComparedConnection {
  const shared = connections.filter(({ streams }) => streams.client !== null && streams.server !== null)
  const inFirst = ({ streams }: ComparedConnection) => (nearClient === 0 ? streams.client : streams.server)
  const found = stream === undefined ? shared[0] : shared.find((each) => inFirst(each) === stream)
  if (found !== undefined) return found
  if (shared.length === 0)
    throw new InputError(`${paths[0]} and ${paths[1]} have no TCP connection in common`)
  const numbers = shared.map(inFirst).join(', ')
  throw new InputError(`stream ${stream} of ${paths[0]} is not in ${paths[1]}; in both are ${numbers}`)
}

/** What the way has changed. */
function remarks({ changed, hops }: ComparedConnection, aheadUs: number): TraceEvent[] {
  const remark = { kind: 'remark', at: 0, host: CLIENT, connection: 0 } as const
  const told = changed.map((text) => ({ ...remark, text: `Changed on the way: ${text}.` }))
  if (hops !== null && hops > 0)
    told.unshift({
      ...remark,
      text: `${hops} ${hops === 1 ? 'router lies' : 'routers lie'} between the two captures.`,
    })
  const ms = Math.abs(aheadUs) / 1000
  if (ms >= 0.001) {
    const way = aheadUs > 0 ? 'ahead' : 'behind'
    told.unshift({ ...remark, text: `The server's clock is ${ms.toFixed(3)} ms ${way}; here both go alike.` })
  }
  return told
}
