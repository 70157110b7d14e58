/** `elko follow`: what the two sides of one connection said, in order, each octet once. */

import { closeSync, openSync, writeSync } from 'node:fs'
import { Dissector } from '../dissect/dissect.ts'
import type { Packet, TcpFields } from '../dissect/packet.ts'
import { socketsOf } from '../dissect/sockets-of.ts'
import type { TunnelPorts } from '../dissect/tunnels.ts'
import { ByteStreams } from '../flows/byte-streams.ts'
import { ClientSide } from '../flows/client-side.ts'
import { MANY_CONVERSATIONS, SequenceAnalysis } from '../flows/sequence-analysis.ts'
import type { TcpAnalysis } from '../flows/tcp-analysis.ts'
import { FOLLOW_FORMATS, type FollowFormat, FollowPrinter } from '../print/tshark-follow.ts'

import { EXIT_FINE, InputError, readArguments, UsageError, wholeNumber } from './arguments.ts'
import { askedTunnels, DECODE_HELP, DECODE_OPTIONS } from './asked-tunnels.ts'
import { capturePath, noSuchStream, readCaptureFile } from './capture-input.ts'
import { LineWriter } from './line-writer.ts'

export const HELP = `Usage: elko follow --stream N [options] FILE

Prints what both sides of a connection sent, in order, each octet once, as
tshark -q -z follow,tcp does; the server's side is indented. "-" is standard input.

Options:
  --stream N       the connection's number: tcp.stream of elko read, stream of
                   elko conversations --json
  --ascii          letters, dots for what is none (so without a flag)
  --hex            octets and letters, with their offset in the stream
  --raw            hexadecimal digits, a line for each segment
  --side SIDE      only what the client or the server sent: client, server
  -o FILE          the octets themselves into a file ("-": standard output);
                   with --side
${DECODE_HELP}

Octets that the receiver acknowledged and the capture does not have are told
where they are missing; with -o, on standard error.

Exit code 1 where there is no such connection, 3 where the file cannot be read to
its end.

Examples:
  elko follow --stream 0 capture.pcapng
  elko follow --stream 3 --side server -o answer.bin capture.pcap
`

/** tcp.stream fits a word. */
const MOST_STREAMS = 0x7fff_ffff

interface Sink {
  text(isFromA: boolean, octets: Uint8Array): void
  missing(isFromA: boolean, length: number): void
  end(): Promise<void> | void
}

export async function run(argv: string[]): Promise<number> {
  const options = {
    ...DECODE_OPTIONS,
    stream: { type: 'string' },
    ascii: { type: 'boolean' },
    hex: { type: 'boolean' },
    raw: { type: 'boolean' },
    side: { type: 'string' },
    output: { type: 'string', short: 'o' },
  } as const
  const { values, positionals } = readArguments(argv, options, 1)
  const path = capturePath(positionals[0])
  const stream = wholeNumber('--stream', values.stream, 0, MOST_STREAMS)
  if (stream === undefined) throw new UsageError('expected --stream N; elko conversations --json lists them')
  const { side, output } = values
  if (side !== undefined && side !== 'client' && side !== 'server') {
    throw new UsageError(`--side: expected client or server, not "${side}"`)
  }
  if (output !== undefined && side === undefined) throw new UsageError('-o: only with --side')
  const format = formatOf(values)
  const open = (first: Ends): Sink =>
    output === undefined ? printing(format, stream, first) : new OctetFile(output)
  const follower = new Follower(stream, side ?? null, open, askedTunnels(values))
  await follower.read(path)
  if (follower.isFound) return EXIT_FINE
  throw noSuchStream(path, stream, follower.streams)
}

function formatOf(values: { ascii?: boolean; hex?: boolean; raw?: boolean }): FollowFormat {
  const asked = FOLLOW_FORMATS.filter((format) => values[format] === true)
  if (asked.length > 1) throw new UsageError(`--${asked[1]}: only one of --ascii, --hex and --raw`)
  return asked[0] ?? 'ascii'
}

/** Feeds one stream's octets, of one side or both, to a sink that is made at the stream's first packet. */
class Follower {
  isFound = false
  readonly #stream: number
  readonly #side: 'client' | 'server' | null
  readonly #open: (first: Ends) => Sink
  readonly #tunnels: TunnelPorts | null
  readonly #analysis = new SequenceAnalysis(MANY_CONVERSATIONS)
  #sink: Sink | null = null
  readonly #client = new ClientSide()

  constructor(
    stream: number,
    side: 'client' | 'server' | null,
    open: (first: Ends) => Sink,
    tunnels: TunnelPorts | null,
  ) {
    this.#tunnels = tunnels
    this.#stream = stream
    this.#side = side
    this.#open = open
  }

  get streams(): number {
    return this.#analysis.conversations.count
  }

  async read(path: string): Promise<void> {
    const streams = new ByteStreams((_, isFromA) => ({
      text: (octets) => this.#wants(isFromA) && this.#sink!.text(isFromA, octets),
      missing: (length) => this.#wants(isFromA) && this.#sink!.missing(isFromA, length),
    }))
    const dissector = new Dissector((packet, tcp) => {
      const analysis = this.#analysis.analyze(packet, tcp)
      if (analysis.stream !== this.#stream || packet.isQuoted) return
      this.#client.packet(analysis.isFromA, tcp)
      if (!this.isFound) this.#begin(packet, tcp, analysis)
      streams.packet(packet, tcp, analysis)
    }, this.#tunnels)
    try {
      await readCaptureFile(path, (record) => dissector.dissect(record))
    } finally {
      await this.#sink?.end()
    }
  }

  #begin(packet: Packet, tcp: TcpFields, { isFromA }: TcpAnalysis): void {
    this.isFound = true
    this.#sink = this.#open(endsOf(packet, tcp, isFromA))
  }

  #wants(isFromA: boolean): boolean {
    return this.#side === null || (this.#side === 'client') === (isFromA === this.#client.isA)
  }
}

/** Sides A and B as address:port. */
type Ends = readonly [string, string]

function endsOf(packet: Packet, tcp: TcpFields, isFromA: boolean): Ends {
  const [source, destination] = socketsOf(packet, tcp)
  return isFromA ? [source, destination] : [destination, source]
}

function printing(format: FollowFormat, stream: number, ends: Ends): Sink {
  const out = new LineWriter(process.stdout)
  const printer = new FollowPrinter(format, (line) => out.write(line))
  printer.begin(stream, ends)
  return {
    text: (isFromA, octets) => printer.text(isFromA, octets),
    missing: (isFromA, length) => printer.missing(isFromA, length),
    end: async () => {
      printer.end()
      await out.flush()
    },
  }
}

/** The octets as they are. */
class OctetFile implements Sink {
  readonly #file: number
  readonly #isOwn: boolean
  #octets = 0

  constructor(path: string) {
    this.#isOwn = path !== '-'
    try {
      this.#file = this.#isOwn ? openSync(path, 'w') : 1
    } catch (error) {
      throw new InputError(`-o: cannot write ${path}: ${(error as Error).message}`)
    }
  }

  text(_isFromA: boolean, octets: Uint8Array): void {
    for (let at = 0; at < octets.length; ) at += writeSync(this.#file, octets, at)
    this.#octets += octets.length
  }

  missing(_isFromA: boolean, length: number): void {
    process.stderr.write(
      `elko follow: after octet ${this.#octets}, ${length} octets are missing in the capture\n`,
    )
  }

  end(): void {
    if (this.#isOwn) closeSync(this.#file)
  }
}
