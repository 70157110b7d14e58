/** `elko capture`: packets of an interface to a file, or to a ring of files. */

import { type CaptureInterface, NO_STATISTICS } from '../capture/capture-file.ts'
import { CaptureNotes } from '../capture/capture-notes.ts'
import type { CaptureRecord } from '../capture/record.ts'
import { encodeBpf } from '../filter/bpf-program.ts'
import { CaptureFilter, compileBpf } from '../filter/capture-filter.ts'
import { FilterError } from '../filter/filter-error.ts'
import { RETIRE_MS } from '../link/packet-ring.ts'
import { PacketSocket, PacketSocketError } from '../link/packet-socket.ts'
import { TunError } from '../link/tun-errors.ts'
import { counted } from '../trace/counted.ts'
import { EXIT_FINE, InputError, readArguments, UsageError, wholeNumber } from './arguments.ts'
import { formatOf } from './capture-output.ts'
import { FileRing } from './file-ring.ts'

export const HELP = `Usage: elko capture -i INTERFACE -w FILE [options] [FILTER]

Writes the packets that an interface sends and receives to FILE, until interrupted;
says then how many there were, and how many were lost (Linux, root or CAP_NET_RAW,
the optional package koffi). The name of FILE says its format: .pcapng keeps
nanoseconds, directions and the count of lost packets; "-" is standard output, as
pcapng.

Options:
  -i INTERFACE     such as eth0 or lo; any: all of them
  -w FILE          where to
  -c N             ends after so many packets
  -s N             octets that are kept of a packet, 1 to 262144 (default: all)
  -p               does not ask the interface for packets to others
  -C N             goes on in FILE1, FILE2, ... after each N million octets
  -W N             with -C: so many files, FILE0 to FILE(N-1); then the first again
  --format FORMAT  pcap (microseconds), pcap-ns, pcapng
  FILTER           as tcpdump takes it; it runs in the kernel

Examples:
  sudo elko capture -i eth0 -w web.pcapng tcp port 443
  sudo elko capture -i any -w - | elko read -
  sudo elko capture -i eth0 -w ring.pcap -C 100 -W 10
`

const OPTIONS = {
  i: { type: 'string', short: 'i' },
  w: { type: 'string', short: 'w' },
  c: { type: 'string', short: 'c' },
  s: { type: 'string', short: 's' },
  p: { type: 'boolean', short: 'p' },
  C: { type: 'string', short: 'C' },
  W: { type: 'string', short: 'W' },
  format: { type: 'string' },
} as const

const MOST_WORDS = 10_000
const MOST_OCTETS = 262_144

interface Settings {
  readonly interfaceName: string
  readonly files: FileRing
  readonly most: number
  readonly snapLength: number
  readonly promiscuous: boolean
  readonly filter: string
}

export async function run(argv: string[]): Promise<number> {
  const settings = settingsFrom(argv)
  const { files } = settings
  try {
    await capture(settings)
  } catch (error) {
    if (error instanceof FilterError) throw new UsageError(`filter: ${error.message}`)
    if (error instanceof PacketSocketError || error instanceof TunError) throw new InputError(error.message)
    throw error
  } finally {
    files.end()
  }
  return EXIT_FINE
}

/** @throws UsageError */
function settingsFrom(argv: string[]): Settings {
  const { values, positionals } = readArguments(argv, OPTIONS, MOST_WORDS)
  if (values.i === undefined) throw new UsageError('-i: expected an interface, or any')
  if (values.w === undefined) throw new UsageError('-w: expected a file to write, or - for standard output')
  const millions = wholeNumber('-C', values.C, 1, 1_000_000)
  const files = wholeNumber('-W', values.W, 1, 1_000_000)
  if (files !== undefined && millions === undefined) throw new UsageError('-W: only with -C')
  if (millions !== undefined && /^-$|\.(gz|zst)$/.test(values.w)) {
    throw new UsageError('-C: only for files that are not packed')
  }
  const isStandard = values.w === '-' && values.format === undefined
  const { format } = isStandard
    ? { format: 'pcapng' as const }
    : formatOf(values.w, values.format, '--format')
  const filter = positionals.join(' ')
  // What is wrong with it for any packets is said before anything is opened.
  checkFilter(filter)
  return {
    interfaceName: values.i,
    files: new FileRing(values.w, format, millions === undefined ? null : millions * 1e6, files ?? null),
    most: wholeNumber('-c', values.c, 1, Number.MAX_SAFE_INTEGER) ?? Number.POSITIVE_INFINITY,
    snapLength: wholeNumber('-s', values.s, 1, MOST_OCTETS) ?? MOST_OCTETS,
    promiscuous: values.p !== true,
    filter,
  }
}

function checkFilter(filter: string): void {
  try {
    new CaptureFilter(filter)
  } catch (error) {
    if (error instanceof FilterError) throw new UsageError(`filter: ${error.message}`)
    throw error
  }
}

/** Ends at SIGINT, SIGTERM, after enough packets, or when the interface goes away. */
async function capture(settings: Settings): Promise<void> {
  const { interfaceName, files, most, snapLength } = settings
  let captured = 0
  let end = (_error: Error | null): void => {}
  const ended = new Promise<Error | null>((resolve) => {
    end = resolve
  })
  const ownFilter = new CaptureFilter(settings.filter)
  let counts = { received: 0, dropped: 0 }
  const onPacket = (record: CaptureRecord): boolean => {
    if (!socket.isFiltered && !ownFilter.matches(record)) return true
    record.length = Math.min(record.length, snapLength)
    record.number = ++captured
    files.write(record, source)
    if (captured >= most) end(null)
    return captured < most
  }
  const guarded = (record: CaptureRecord): boolean => {
    try {
      return onPacket(record)
    } catch (error) {
      end(error as Error)
      return false
    }
  }
  const socket = await PacketSocket.open({
    interfaceName,
    promiscuous: settings.promiscuous,
    filter: (linkType) => encodeBpf(compileBpf(settings.filter, linkType, snapLength)),
    onPacket: guarded,
    onPause: () => files.flush(),
    onError: end,
  })
  const one: CaptureInterface = {
    ...{
      linkType: socket.linkType,
      snapLength,
      name: interfaceName,
      description: '',
      filter: settings.filter,
    },
    ...{ comments: [], resolution: 9, offsetSeconds: 0 },
    get statistics() {
      return {
        ...NO_STATISTICS,
        dropped: counts.dropped,
        filterAccepted: counts.received,
        delivered: captured,
      }
    },
  }
  const source = { interfaces: [one], notes: new CaptureNotes() }
  try {
    files.begin(source)
    // Who reads that it listens may end it at once.
    const stopped = untilSignal(ended)
    process.stderr.write(`elko capture: listening on ${interfaceName}\n`)
    const error = await stopped
    // The kernel hands over a block that is not full only after a while.
    if (error === null && captured < most) {
      await new Promise((resolve) => setTimeout(resolve, 3 * RETIRE_MS))
      socket.drain()
    }
    counts = socket.statistics()
    say(captured, counts)
    if (error !== null) throw error
  } finally {
    socket.close()
  }
}

async function untilSignal(ended: Promise<Error | null>): Promise<Error | null> {
  let stop = (): void => {}
  const signal = new Promise<null>((resolve) => {
    stop = () => resolve(null)
  })
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, stop)
  try {
    return await Promise.race([ended, signal])
  } finally {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, stop)
  }
}

function say(captured: number, { received, dropped }: { received: number; dropped: number }): void {
  process.stderr.write(
    `${counted(captured, 'packet')} captured\n${counted(received, 'packet')} received by the filter\n${counted(dropped, 'packet')} dropped by the kernel\n`,
  )
}
