/** What `elko listen` and `elko connect` share: the TUN device, Elko's addresses, tunables, impairments, records. */

import { lookup } from 'node:dns/promises'
import { closeSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { ladder } from '../diagram/ladder.ts'
import { LinkHost } from '../link/host.ts'
import { type ImpairedLink, impair } from '../link/impair.ts'
import type { Link } from '../link/link.ts'
import { RecordFile } from '../link/record-file.ts'
import { type TeeLink, tee } from '../link/tee.ts'
import { openTun } from '../link/tun.ts'
import { TunError } from '../link/tun-errors.ts'
import { kernelEndsFor } from '../link/tun-interface.ts'
import { createNet, type Net } from '../net/create-net.ts'
import { DEFAULT_ADDRESSES } from '../net/settings.ts'
import type { Stack } from '../stack/stack.ts'
import { type Config, configure, DEFAULT_CONFIG } from '../tcp/config.ts'
import { counted } from '../trace/counted.ts'
import type { TraceEvent } from '../trace/events.ts'
import { SEND_REASONS, type SendReason } from '../trace/reasons.ts'
import { Recorder, type Trace } from '../trace/recorder.ts'
import { PROTOCOL_TCP } from '../wire/ip-header.ts'
import { InputError, nearest, UsageError, wholeNumber } from './arguments.ts'
import { DIAGRAM_FORMATS, type DiagramFormat, diagramOf } from './diagram-forms.ts'
import { IMPAIRMENT_OPTIONS, readImpairments } from './impairments.ts'
import { type Drawing, drawing, openFile, saveFile } from './output.ts'
import { checkFlags, formatOf } from './picture-format.ts'
import { runSource } from './source-events.ts'

export const TUN_OPTIONS = {
  tun: { type: 'string' },
  address: { type: 'string', multiple: true },
  mtu: { type: 'string' },
  write: { type: 'string' },
  record: { type: 'string' },
  config: { type: 'string', multiple: true },
  ladder: { type: 'boolean' },
  diagram: { type: 'string' },
  json: { type: 'boolean' },
  width: { type: 'string' },
  ascii: { type: 'boolean' },
  relative: { type: 'boolean' },
  seed: { type: 'string' },
  ...IMPAIRMENT_OPTIONS,
  burst: { type: 'string' },
} as const

export const TUN_HELP = `The device:
  --tun NAME       TUN device to make or to use (default elko0)
  --tun fd:N       one that is open already as file descriptor N
  --address A/LEN  an address of Elko's, repeatable (default 10.7.0.2/24 and
                   fd07::2/64); the kernel gets the first free one beside it
  --mtu N          of the device, 576 to 65535 (default: as it is, or 1500)

The connection:
  --config NAME=V  a tunable, repeatable: nagle=false, mssLimit=1000 ...

The link is made worse, both ways:
  --loss P  --delay TIME  --jitter TIME  --rate RATE  --queue SIZE
  --reorder P  --duplicate P  --corrupt P  --burst P/P
                   such as 3%, 30ms, 5ms, 20mbit, 100kB, 2%/10ms, 1%, 1%, 1%/30%
  --seed N         decides what chance decides (default 1)

Records:
  --write FILE     the packets as pcapng, each with the reason it was sent for
  --record FILE    what Elko's TCP is given, for elko replay: with its secrets,
                   and every octet that is sent
  --ladder         the first connection as a ladder on stderr, at the end
                   (--width N, --ascii, --relative as for elko sim)
  --diagram FILE   the same as elko diagram draws it, at the end: .svg, .html,
                   .txt, .mmd or .puml (what --record saves can be drawn later,
                   any connection of it, by elko diagram, graph and states)
  --json           a summary as JSON on stderr, at the end`

export interface TunValues {
  readonly tun?: string | undefined
  readonly address?: string[] | undefined
  readonly mtu?: string | undefined
  readonly write?: string | undefined
  readonly record?: string | undefined
  readonly config?: string[] | undefined
  readonly ladder?: boolean | undefined
  readonly diagram?: string | undefined
  readonly json?: boolean | undefined
  readonly width?: string
  readonly ascii?: boolean
  readonly relative?: boolean
  readonly seed?: string | undefined
}

/** Events kept for a ladder: beyond this nobody reads one. A diagram is folded. */
const LADDER_EVENTS = 20_000
const DIAGRAM_EVENTS = 500_000

/** An Elko host on a TUN device, with the records that were asked for. */
export interface TunHost {
  readonly host: LinkHost
  readonly net: Net
  readonly tunName: string
  /** Elko's addresses and the kernel's, without lengths. */
  readonly addresses: readonly string[]
  readonly kernelAddresses: readonly string[]
  /** What the capture missed; 0 without one. */
  missed(): number
  /** What the impairing link did; undefined without one. */
  impaired(): object | undefined
  /** The ladder of the first connection, if one was asked for. */
  ladder(): string | undefined
  /** Saves the diagram, if one was asked for, and says so. @throws InputError */
  saveDiagram(): string | undefined
  /** Aborts what is open, and closes device and file. */
  close(): void
}

/** @throws UsageError, InputError */
export async function openTunHost(values: TunValues): Promise<TunHost> {
  const addresses = values.address ?? DEFAULT_ADDRESSES
  const config = configOf(values.config ?? [])
  const impairments = readImpairments(values as Readonly<Record<string, unknown>>, ['burst'])
  const how = drawing(values)
  const mtu = wholeNumber('--mtu', values.mtu, 576, 65_535)
  const kernelEnds = asUsage('--address', () => kernelEndsFor(addresses))
  const { diagram } = values
  const format = formatOf(diagram, DIAGRAM_FORMATS)
  if (diagram !== undefined && values.ladder !== true) {
    const { width, ascii } = values
    checkFlags({ width, ascii }, format, { width: ['txt'], ascii: ['txt'] })
  }
  const isTraced = values.ladder === true || diagram !== undefined || values.write !== undefined
  const trace = isTraced ? new RunTrace(diagram === undefined ? LADDER_EVENTS : DIAGRAM_EVENTS) : null
  const sink = values.write === undefined ? null : openFile(values.write)
  const record = values.record === undefined ? null : new RecordFile(values.record, openFile(values.record))
  const tun = await openDevice(values.tun ?? 'elko0', kernelEnds, mtu)
  let link: Link = tun
  let impaired: ImpairedLink | null = null
  let capture: TeeLink | null = null
  if (Object.keys(impairments).length > 0) {
    impaired = impair(link, { toLink: impairments, fromLink: impairments }, values.seed ?? '1')
    link = impaired
  }
  if (sink !== null && trace !== null) {
    capture = tee(link, sink, { name: tun.name, reasonOf: (frame) => trace.reasonOf(frame) })
    link = capture
  }
  const host = new LinkHost(link, {
    name: 'elko',
    addresses,
    config,
    trace,
    resolve: resolveName,
    ...(record !== null && { record: record.log }),
  })
  return {
    host,
    net: createNet(host),
    tunName: tun.name,
    addresses: addresses.map(withoutLength),
    kernelAddresses: kernelEnds.map(withoutLength),
    missed: () => capture?.missed ?? 0,
    impaired: () =>
      impaired === null ? undefined : { sent: impaired.toLinkCounters, arrived: impaired.fromLinkCounters },
    ladder: () =>
      values.ladder === true && trace !== null ? drawLadder(trace.recorder.events, how) : undefined,
    saveDiagram: () =>
      diagram === undefined || trace === null
        ? undefined
        : saveDiagram(diagram, format, trace.recorder, host.stack, how),
    close: () => {
      host.close()
      if (sink !== null) closeSync(sink)
      record?.close()
    },
  }
}

/** As this machine resolves it. */
const resolveName = async (name: string): Promise<string[]> =>
  (await lookup(name, { all: true })).map(({ address }) => address)

const withoutLength = (prefix: string): string => prefix.replace(/\/.*/, '')

function saveDiagram(
  file: string,
  format: DiagramFormat,
  { events, dropped }: Recorder,
  { name, addresses }: Stack,
  how: Drawing,
): string {
  const own = addresses.prefixes.map(({ address }) => String(address)).join(' and ')
  const source = runSource({
    ...{ name, title: `A connection of ${own}`, lesson: '', isOne: false, events },
    addresses: { [name]: String(addresses.prefixes[0]?.address ?? '') },
    asked: { stream: undefined, most: DIAGRAM_EVENTS, keeper: null, tunnels: null },
  })
  saveFile(file, diagramOf(source, format, { ...how, color: false }))
  return `saved ${file}${dropped === 0 ? '' : `, without the last ${counted(dropped, 'event')}`}`
}

function drawLadder(events: readonly TraceEvent[], how: Drawing): string {
  const { width, ascii, relative } = how
  return ladder(events, { width, ascii, numbers: relative ? 'relative' : 'absolute', left: 'elko' })
}

// ---- the device -----------------------------------------------------------------------------------------------------

async function openDevice(text: string, kernelEnds: readonly string[], mtu: number | undefined) {
  const fd = text.startsWith('fd:') ? wholeNumber('--tun fd:', text.slice(3), 0, 1_000_000_000) : undefined
  const base = {
    ...(fd === undefined ? { name: text } : { fd }),
    ...(mtu === undefined ? {} : { mtu }),
  }
  try {
    return await openTun({ ...base, addresses: kernelEnds })
  } catch (error) {
    if (!(error instanceof TunError)) throw error
    if (error.code === 'BAD_NAME' || error.code === 'BAD_OPTION') throw new UsageError(error.message)
    const prepared = error.code === 'NO_PERMISSION' ? await openPrepared(base, kernelEnds) : null
    if (prepared !== null) return prepared
    throw new InputError(error.message)
  }
}

/** Without CAP_NET_ADMIN: the device that root made for this user, if it is up and has the addresses already. */
async function openPrepared(
  base: { name?: string; fd?: number; mtu?: number },
  kernelEnds: readonly string[],
) {
  try {
    const tun = await openTun({ ...base, up: false })
    const held = (networkInterfaces()[tun.name] ?? []).map(({ address }) => address)
    if (kernelEnds.every((end) => held.includes(withoutLength(end)))) return tun
    tun.close()
  } catch (error) {
    if (!(error instanceof TunError)) throw error
  }
  return null
}

function asUsage<T>(flag: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw new UsageError(`${flag}: ${(error as Error).message}`)
  }
}

// ---- tunables and impairments ---------------------------------------------------------------------------------------

/** `name=value` each. @throws UsageError naming the tunable and its bounds. */
export function configOf(texts: readonly string[]): Config {
  const changes: Record<string, number | boolean> = {}
  for (const text of texts) {
    const [, name, value] = /^(\w+)=(.+)$/.exec(text) ?? []
    if (name === undefined || value === undefined) {
      throw new UsageError(`--config: expected NAME=VALUE such as nagle=false, not "${text}"`)
    }
    if (!Object.hasOwn(DEFAULT_CONFIG, name)) {
      const known = Object.keys(DEFAULT_CONFIG)
      const near = nearest(name, known)
      const hint = near === undefined ? `one of ${known.join(', ')}` : `did you mean ${near}?`
      throw new UsageError(`--config: unknown tunable "${name}"; ${hint}`)
    }
    changes[name] = value === 'true' ? true : value === 'false' ? false : numberOf(value)
  }
  return asUsage('--config', () => configure(changes as Partial<Config>))
}

/** Whole numbers only; what is none becomes NaN, which `configure` refuses with the bounds. */
const numberOf = (text: string): number => (/^\d+$/.test(text) ? Number(text) : Number.NaN)

// ---- the trace ------------------------------------------------------------------------------------------------------

/** Answers to nobody's segments that may wait for their turn to be sent. */
const MOST_ANSWERS = 1024

/** Keeps the first events for a ladder, and for a capture the reason of the segment that is being sent. */
class RunTrace implements Trace {
  packet = 0
  readonly recorder: Recorder
  #last: SendReason | null = null
  /** Resets that belong to no connection are told of when they are queued. */
  readonly #answers: SendReason[] = []

  /** @param events that are kept. */
  constructor(events: number) {
    this.recorder = new Recorder(events)
  }

  add(event: TraceEvent): void {
    if (event.kind === 'sent') {
      if (event.connection > 0) this.#last = event.reason
      else if (this.#answers.length < MOST_ANSWERS) this.#answers.push(event.reason)
    }
    this.recorder.add(event)
  }

  /** Called right after the link took a packet: a connection's segment is told of just before it is sent. */
  reasonOf(frame: Uint8Array): string {
    const reason = this.#last ?? (isTcp(frame) ? this.#answers.shift() : undefined) ?? null
    this.#last = null
    return reason === null ? '' : `${reason}: ${SEND_REASONS[reason]}`
  }
}

function isTcp(frame: Uint8Array): boolean {
  return frame[frame[0]! >>> 4 === 4 ? 9 : 6] === PROTOCOL_TCP
}
