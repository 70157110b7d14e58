/** Captures as sources of pictures: one connection of one file, or of two that were taken at both its ends. */

import { basename } from 'node:path'
import type { Readable } from 'node:stream'
import { CaptureDiagnoser } from '../analyze/outside/capture-diagnoser.ts'
import type { CaptureDiagnosis } from '../analyze/outside/capture-diagnosis.ts'
import { JoinedCaptures, type SharedConnection } from '../analyze/outside/joined-captures.ts'
import { StreamRecording } from '../analyze/outside/stream-recording.ts'
import { PlaceCapture } from '../analyze/outside/two-captures.ts'
import type { CaptureRecord } from '../capture/record.ts'
import { CLIENT } from '../flows/flow-recorder.ts'
import { frameSent } from '../trace/frame-notes.ts'
import { InputError, UsageError } from './arguments.ts'
import { noSuchStream, readCaptureFile, readUpToError } from './capture-input.ts'
import { bannerOf } from './diagnosis-lines.ts'
import { isReadOnce } from './packing.ts'
import type { Asked, Source } from './source.ts'

/** The number that the recorder gives its connection. */
const CONNECTION = { host: CLIENT, connection: 1 }

/**
 * @param path "-": standard input.
 * @param opened the file, where it can be opened only once and has been.
 */
export async function captureSource(path: string, asked: Asked, opened: Readable | null): Promise<Source> {
  const { stream = 0, most, tunnels, keeper } = asked
  const diagnoser = new CaptureDiagnoser(null, tunnels)
  const onKept = keeper === null ? null : keeper.taker((packet) => packet.number)
  const recording = new StreamRecording(stream, most, tunnels, onKept)
  const take = (captured: CaptureRecord): void => {
    diagnoser.take(captured)
    recording.take(captured)
  }
  const { drops, trouble } = await readUpToError(path, take, { opened })
  const { recorder, streams } = recording
  if (recorder.packets === 0) throw trouble ?? noSuchStream(path, stream, streams)
  diagnoser.noteDrops(drops)
  const diagnosis = ofStream(diagnoser.report().connections, stream)
  return {
    events: recorder.events,
    addresses: recorder.addresses,
    title: titleOf(path === '-' ? 'standard input' : basename(path), stream, streams),
    banner: diagnosis === undefined ? null : bannerOf(diagnosis),
    connection: CONNECTION,
    isCapture: true,
    epochUs: recorder.startUs,
    left: Math.max(0, recorder.packets - most),
    trouble,
    packetOf: keeper === null ? null : ({ packet }) => keeper.get(packet),
  }
}

function ofStream(diagnoses: Iterable<CaptureDiagnosis>, stream: number): CaptureDiagnosis | undefined {
  for (const diagnosis of diagnoses) if (diagnosis.stream === stream) return diagnosis
  return undefined
}

/** @param name of the file, without its folders where they tell nothing */
function titleOf(name: string, stream: number, streams: number): string {
  return streams === 1 ? name : `${name}: stream ${stream} of 0 to ${streams - 1}`
}

/** @throws UsageError for what can be read only once. */
export async function twoCapturesSource(paths: readonly [string, string], asked: Asked): Promise<Source> {
  if (paths.some(isReadOnce)) throw new UsageError('two captures: expected two files, as each is read twice')
  const { most, tunnels, keeper } = asked
  const places = [new PlaceCapture(tunnels), new PlaceCapture(tunnels)] as const
  for (const [index, path] of paths.entries())
    await readCaptureFile(path, (captured) => places[index]!.take(captured))
  const joined = new JoinedCaptures(places)
  const found = sharedConnection(paths, joined, asked.stream)
  const [first, second] = found.streams
  const onKept = (near: 'client' | 'server') =>
    keeper === null ? null : keeper.taker(({ number }) => `${number} at the ${near}`)
  const nears = joined.nearClient === 0 ? (['client', 'server'] as const) : (['server', 'client'] as const)
  const recordings = [
    new StreamRecording(first, most, tunnels, onKept(nears[0])),
    new StreamRecording(second, most, tunnels, onKept(nears[1])),
  ] as const
  for (const [index, path] of paths.entries())
    await readCaptureFile(path, (captured) => recordings[index]!.take(captured))
  const names = paths.map((path) => basename(path))
  const isTold = names[0] !== names[1]
  const titles = paths.map((path, i) =>
    titleOf(isTold ? names[i]! : path, found.streams[i]!, recordings[i]!.streams),
  )
  return {
    ...joined.join(found, recordings),
    title: (joined.nearClient === 0 ? titles : titles.reverse()).join(' and '),
    banner: bannerOf(found.compared.diagnosis),
    connection: CONNECTION,
    isCapture: true,
    left: Math.max(0, ...recordings.map(({ recorder }) => recorder.packets - most)),
    packetOf:
      keeper === null ? null : (event) => keeper.get(frameSent(event.kind === 'sent' ? event.note : '')),
  }
}

/** @param stream in the first file. */
function sharedConnection(
  paths: readonly [string, string],
  { shared }: JoinedCaptures,
  stream: number | undefined,
): SharedConnection {
  const found = stream === undefined ? shared[0] : shared.find(({ streams }) => streams[0] === stream)
  if (found !== undefined) return found
  if (shared.length === 0)
    throw new InputError(`${paths[0]} and ${paths[1]} have no TCP connection in common`)
  const numbers = shared.map(({ streams }) => streams[0]).join(', ')
  throw new InputError(`stream ${stream} of ${paths[0]} is not in ${paths[1]}; in both are ${numbers}`)
}
