/** `elko read -T`: fields of packets in rows, under Wireshark's names, as tshark writes them; and Elko's own. */

import type { TunnelPorts } from '../dissect/tunnels.ts'
import { ELKO_FIELDS, type ElkoView } from '../flows/elko-fields.ts'
import { EXPERT_FIELDS } from '../flows/expert.ts'
import type { FrameView } from '../flows/field.ts'
import { FIELDS_OF_CUT_TCP, FRAME_FIELDS, TCP_FIELDS, type TcpView } from '../flows/fields.ts'
import { FlowTracker } from '../flows/flow-tracker.ts'
import { COLUMN_FIELDS, columnLine } from '../print/columns.ts'
import {
  ekLines,
  type Fields,
  fieldRow,
  flatObject,
  jsonPacket,
  PLAIN_ROWS,
  type RowStyle,
} from '../print/field-rows.ts'
import { nearest, UsageError } from './arguments.ts'
import { FrameViews } from './frame-views.ts'
import type { OnRecord, Out, Source } from './printed-packets.ts'

const WIRESHARK_FIELDS: Fields = { ...FRAME_FIELDS, ...TCP_FIELDS, ...EXPERT_FIELDS }

export const FIELD_NAMES: readonly string[] = [WIRESHARK_FIELDS, COLUMN_FIELDS, ELKO_FIELDS].flatMap(
  Object.keys,
)

/** A row for each TCP header of what is shown, or for each frame. */
export function rowPrinter(
  { head, line, cutLine, frameLine, between, judge, isPerFrame }: Rows,
  tunnels: TunnelPorts | null,
  out: Out,
  { filter, file, isEnough }: Source,
): OnRecord {
  const { display } = filter
  const isOfAll = isPerFrame || display !== null
  let isFirst = true
  let current: TcpView | null = null
  let cut: TcpView | null = null
  /** Of TCP headers whose views hold no longer. */
  const early: string[] = []
  const write = (row: string): void => {
    if (isEnough()) return
    if (!isFirst && between !== '') out.writeBeside(between)
    isFirst = false
    out.write(row)
  }
  const onTcp = (view: TcpView): void => {
    judge?.packet(view)
    if (!isPerFrame && view.packet.others.length > 0) early.push(line(view))
    else current = view
  }
  const onCutTcp = (view: TcpView): void => {
    cut = view
  }
  const views = new FrameViews({ display, tunnels, file, onTcp, onCutTcp })
  if (head !== '') out.writeBeside(head)
  return (record) => {
    early.length = 0
    current = null
    cut = null
    const isShown = views.frame(record) && filter.takes(record)
    if (!isShown) return
    for (const row of early) write(row)
    if (current !== null) write(line(current))
    else if (cut !== null && !isPerFrame) write(cutLine(cut))
    else if (isOfAll && early.length === 0) write(frameLine(views.view))
  }
}

/** How rows are written: what stands before, between and behind them. */
export interface Rows {
  readonly head: string
  readonly line: (view: TcpView) => string
  /** Of a header that the capture cut behind its ports. */
  readonly cutLine: (view: TcpView) => string
  /** Of a frame without TCP. */
  readonly frameLine: (view: FrameView) => string
  readonly between: string
  readonly tail: string
  /** A row for each frame, and none more where several TCP headers stand in it. */
  readonly isPerFrame: boolean
  /** Follows connections where one of Elko's own fields is asked for. */
  readonly judge: ElkoJudge | null
}

const FORMATS = ['fields', 'json', 'ek', 'jsonl', 'tabs', 'text']

export function rowsOf({
  T: format = '',
  e: given = [],
  E = [],
}: {
  T?: string
  e?: string[]
  E?: string[]
}): Rows {
  if (!FORMATS.includes(format)) {
    throw new UsageError(`-T: expected fields, json, ek, jsonl, tabs or text, not "${format}"`)
  }
  const unknown = given.find((name) => !FIELD_NAMES.includes(name))
  if (unknown !== undefined) {
    const near = nearest(unknown, FIELD_NAMES)
    throw new UsageError(
      `-e: unknown field "${unknown}"${near === undefined ? '' : `; did you mean ${near}?`}`,
    )
  }
  const { style, hasHeader } = rowStyle(E)
  if (E.length > 0 && format !== 'fields') throw new UsageError('-E: only with -T fields')
  const isNamed = given.length > 0
  const names = isNamed ? given : Object.keys(WIRESHARK_FIELDS)
  const judge = given.some((name) => Object.hasOwn(ELKO_FIELDS, name)) ? new ElkoJudge() : null
  const lines = linesOver({ ...WIRESHARK_FIELDS, ...COLUMN_FIELDS, ...judge?.fields })
  const plain = { head: '', between: '', tail: '', judge, isPerFrame: false }
  if (format === 'tabs' || format === 'text') {
    if (isNamed) throw new UsageError(`-e: only with -T fields, json, ek or jsonl`)
    const row = (view: FrameView): string => columnLine(view, format === 'tabs' ? '\t' : ' ')
    return { ...plain, isPerFrame: true, line: row, cutLine: row, frameLine: row }
  }
  if (format === 'fields') {
    if (!isNamed) throw new UsageError('-T fields: expected fields, with -e')
    const head = hasHeader ? names.join(style.separator) : ''
    return { ...plain, head, ...lines((fields, view) => fieldRow(fields, names, view, style)) }
  }
  if (format === 'jsonl') {
    return { ...plain, ...lines((fields, view) => JSON.stringify(flatObject(fields, names, view))) }
  }
  if (format === 'ek') return { ...plain, ...lines((fields, view) => ekLines(fields, names, isNamed, view)) }
  const objects = lines((fields, view) => jsonPacket(fields, names, isNamed, view))
  return { ...plain, head: '[', ...objects, between: '  ,', tail: ']' }
}

type Row = (fields: Fields, view: TcpView) => string

/** @param fields of a packet with TCP; a frame without it has no field of TCP. */
function linesOver(fields: Fields): (row: Row) => Pick<Rows, 'line' | 'cutLine' | 'frameLine'> {
  const only = (isThere: (name: string) => boolean): Fields =>
    Object.fromEntries(
      Object.entries(fields).map(([name, field]) => [
        name,
        Object.hasOwn(FRAME_FIELDS, name) || isThere(name) ? field : { kind: field.kind, read: () => null },
      ]),
    )
  const ofFrames = only((name) => Object.hasOwn(COLUMN_FIELDS, name))
  const ofCutTcp = { ...only((name) => FIELDS_OF_CUT_TCP.has(name)), ...COLUMNS_OF_FRAMES }
  return (row) => ({
    line: (view) => row(fields, view),
    cutLine: (view) => row(ofCutTcp, view),
    // None of these fields looks at TCP, where there is none.
    frameLine: (view) => row(ofFrames, view as TcpView),
  })
}

/** The columns of a frame as if there were no TCP in it that could be read. */
const COLUMNS_OF_FRAMES: Fields = Object.fromEntries(
  Object.entries(COLUMN_FIELDS).map(([name, { kind, read }]) => {
    const ofFrame = ({ packet, record, times, udp, file }: TcpView): FrameView =>
      ({ packet, record, times, udp, file }) as FrameView
    return [name, { kind, read: (view) => read(ofFrame(view) as TcpView) }]
  }),
)

/** Elko's own judgement of the packet at hand, as fields. */
class ElkoJudge {
  readonly #tracker = new FlowTracker(() => {})
  #cause: ElkoView['cause'] = null
  readonly fields: Fields = Object.fromEntries(
    Object.entries(ELKO_FIELDS).map(([name, { kind, read }]) => [
      name,
      { kind, read: (view: TcpView) => read({ ...view, cause: this.#cause, tracker: this.#tracker }) },
    ]),
  )

  packet({ packet, tcp, analysis }: TcpView): void {
    this.#cause = this.#tracker.packet(packet, tcp, analysis)
  }
}

const QUOTES: Readonly<Record<string, string>> = { d: '"', s: "'", n: '' }

function rowStyle(settings: readonly string[]): { style: RowStyle; hasHeader: boolean } {
  let style = PLAIN_ROWS
  let hasHeader = false
  for (const setting of settings) {
    const [, name = '', value = ''] = /^(\w+)=(.+)$/.exec(setting) ?? []
    const wrong = (expected: string): UsageError => new UsageError(`-E ${setting}: expected ${expected}`)
    if (name === 'header' && /^[yn]$/.test(value)) hasHeader = value === 'y'
    else if (name === 'header') throw wrong('header=y or header=n')
    else if (name === 'separator') style = { ...style, separator: characterOf(value, wrong) }
    else if (name === 'aggregator') style = { ...style, aggregator: characterOf(value, wrong) }
    else if (name === 'occurrence' && /^[fla]$/.test(value)) {
      style = { ...style, occurrence: value as RowStyle['occurrence'] }
    } else if (name === 'occurrence') throw wrong('occurrence=f, l or a')
    else if (name === 'quote' && QUOTES[value] !== undefined) style = { ...style, quote: QUOTES[value] }
    else if (name === 'quote') throw wrong('quote=d, s or n')
    else throw wrong('header, separator, occurrence, aggregator or quote, and a value')
  }
  return { style, hasHeader }
}

/** A character, or /t for a tab and /s for a blank. */
function characterOf(value: string, wrong: (expected: string) => UsageError): string {
  if (value === '/t') return '\t'
  if (value === '/s') return ' '
  if (value.length !== 1) throw wrong('one character, /t for a tab or /s for a blank')
  return value
}
