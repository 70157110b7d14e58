/** `elko diagram`: one connection of a capture as a ladder. */

import { ladder } from '../diagram/ladder.ts'
import { Dissector } from '../dissect/dissect.ts'
import type { TunnelPorts } from '../dissect/tunnels.ts'
import { FlowRecorder } from '../flows/flow-recorder.ts'
import { SequenceAnalysis } from '../flows/sequence-analysis.ts'
import { EXIT_FINE, readArguments, wholeNumber } from './arguments.ts'
import { askedTunnels, DECODE_HELP, DECODE_OPTIONS } from './asked-tunnels.ts'
import { capturePath, noSuchStream, readCaptureFile } from './capture-input.ts'
import { DRAWING_HELP, DRAWING_OPTIONS, drawing, print } from './output.ts'

/** A ladder of so many packets is read by nobody; more is asked for with -c. */
const MOST_PACKETS = 2000
const MAX_PACKETS = 100_000
const MAX_STREAM = 2 ** 31 - 1

export const HELP = `Usage: elko diagram FILE [options]

Draws a connection of a capture as a ladder: two hosts side by side, time going
down, each segment with its numbers, its frame, what Wireshark's analysis says
of it and why it was probably sent. "-" is standard input.

Options:
  --stream N       which connection, by its tcp.stream (default 0)
  -c N             its first N packets (default ${MOST_PACKETS}, at most ${MAX_PACKETS})
${DECODE_HELP}
${DRAWING_HELP}

Examples:
  elko diagram capture.pcapng
  elko diagram --stream 3 --relative capture.pcap
`

const OPTIONS = {
  ...DRAWING_OPTIONS,
  ...DECODE_OPTIONS,
  stream: { type: 'string' },
  c: { type: 'string', short: 'c' },
} as const

export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, OPTIONS, 1)
  const how = drawing(values)
  const path = capturePath(positionals[0])
  const stream = wholeNumber('--stream', values.stream, 0, MAX_STREAM) ?? 0
  const most = wholeNumber('-c', values.c, 1, MAX_PACKETS) ?? MOST_PACKETS
  const { recorder, streams } = await record(path, stream, most, askedTunnels(values))
  if (recorder.packets === 0) throw noSuchStream(path, stream, streams)
  print(
    ladder(recorder.events, {
      width: how.width,
      ascii: how.ascii,
      color: how.color,
      numbers: how.relative ? 'relative' : 'absolute',
      addresses: recorder.addresses,
      reasons: 'words',
      title: titleOf(path, stream, streams),
    }),
  )
  const left = recorder.packets - most
  if (left > 0) print(`... and ${left} packets more: -c ${Math.min(recorder.packets, MAX_PACKETS)}`)
  return EXIT_FINE
}

async function record(
  path: string,
  stream: number,
  most: number,
  tunnels: TunnelPorts | null,
): Promise<{ recorder: FlowRecorder; streams: number }> {
  const recorder = new FlowRecorder(most)
  const analysis = new SequenceAnalysis()
  const dissector = new Dissector((packet, tcp) => {
    const said = analysis.analyze(packet, tcp)
    if (said.stream === stream && !packet.isQuoted) recorder.packet(packet, tcp, said)
  }, tunnels)
  await readCaptureFile(path, (packet) => dissector.dissect(packet))
  return { recorder, streams: analysis.conversations.count }
}

function titleOf(path: string, stream: number, streams: number): string {
  const name = path === '-' ? 'standard input' : path
  return streams === 1 ? name : `${name}: stream ${stream} of 0 to ${streams - 1}`
}
