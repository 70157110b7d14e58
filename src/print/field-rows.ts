/** Fields of TCP packets as `tshark -T fields`, `json` and `ek` write them. */

import { type Field, type FieldValue, fieldText, type TcpView } from '../flows/fields.ts'
import { dateText } from './tcpdump-time.ts'

/** tshark's -E: how rows of fields are written. */
export interface RowStyle {
  readonly separator: string
  /** Of a field that stands there several times: the first, the last, or all of them. */
  readonly occurrence: 'f' | 'l' | 'a'
  /** Between all of them. */
  readonly aggregator: string
  /** Around each cell that is not empty. */
  readonly quote: string
}

export const PLAIN_ROWS: RowStyle = { separator: '\t', occurrence: 'a', aggregator: ',', quote: '' }

export type Fields = Readonly<Record<string, Field>>

export function fieldRow(fields: Fields, names: readonly string[], view: TcpView, style: RowStyle): string {
  const { separator, occurrence, aggregator, quote } = style
  const cells = names.map((name) => {
    const texts = fieldTexts(fields[name]!, view)
    if (texts.length === 0) return ''
    const shown = occurrence === 'f' ? texts.slice(0, 1) : occurrence === 'l' ? texts.slice(-1) : texts
    return quote + shown.map(withoutBreaks).join(aggregator) + quote
  })
  return cells.join(separator)
}

/** As tshark writes what would break a row: a comment may have several lines. */
function withoutBreaks(text: string): string {
  return text.replace(/[\b\t\n\f\r]/g, (character) => BREAKS[character]!)
}
const BREAKS: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
}

function fieldTexts({ kind, read }: Field, view: TcpView): string[] {
  return listOf(read(view)).map((value) => fieldText(kind, value))
}

function listOf(value: FieldValue | readonly FieldValue[] | null): readonly FieldValue[] {
  if (value === null) return []
  return typeof value === 'object' ? value : [value]
}

/** Values as they are, under their names; a field that stands there several times as a list. */
export function flatObject(fields: Fields, names: readonly string[], view: TcpView): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  for (const name of names) {
    const values = listOf(fields[name]!.read(view))
    if (values.length > 0) object[name] = values.length === 1 ? values[0] : values
  }
  return object
}

/** The day of a packet, UTC, as tshark names the index of Elasticsearch. */
function indexName(view: TcpView): string {
  return `packets-${dateText(Math.floor(view.packet.seconds / 86_400))}`
}

/** Fields in layers: the word before the first point of their names. */
function layersOf(
  fields: Fields,
  names: readonly string[],
  view: TcpView,
  rename: (layer: string, name: string) => string,
): Record<string, Record<string, string | string[]>> {
  const layers: Record<string, Record<string, string | string[]>> = {}
  for (const name of names) {
    const texts = fieldTexts(fields[name]!, view)
    if (texts.length === 0) continue
    const layer = name.slice(0, name.indexOf('.'))
    layers[layer] ??= {}
    layers[layer][rename(layer, name)] = texts.length === 1 ? texts[0]! : texts
  }
  return layers
}

/** Where -e names fields, tshark leaves the layers out, and has a list of each. */
function namedLists(
  fields: Fields,
  names: readonly string[],
  view: TcpView,
  rename: (name: string) => string,
): Record<string, string[]> {
  const lists: Record<string, string[]> = {}
  for (const name of names) {
    const texts = fieldTexts(fields[name]!, view)
    if (texts.length > 0) lists[rename(name)] = texts
  }
  return lists
}

/** One element of the list that `-T json` is, indented as there. */
export function jsonPacket(
  fields: Fields,
  names: readonly string[],
  isNamed: boolean,
  view: TcpView,
): string {
  const layers = isNamed
    ? namedLists(fields, names, view, (name) => name)
    : layersOf(fields, names, view, (_, name) => name)
  const packet = { _index: indexName(view), _type: 'doc', _score: null, _source: { layers } }
  return JSON.stringify(packet, null, 2).replace(/^/gm, '  ')
}

/** Two lines for Elasticsearch's bulk interface; points become underscores, and the layer stands before each name. */
export function ekLines(fields: Fields, names: readonly string[], isNamed: boolean, view: TcpView): string {
  const flat = (name: string): string => name.replaceAll('.', '_')
  const layers = isNamed
    ? namedLists(fields, names, view, flat)
    : layersOf(fields, names, view, (layer, name) => `${layer}_${flat(name)}`)
  const { seconds, nanoseconds } = view.packet
  const timestamp = String(seconds * 1000 + Math.floor(nanoseconds / 1_000_000))
  const index = JSON.stringify({ index: { _index: indexName(view), _type: 'doc' } })
  return `${index}\n${JSON.stringify({ timestamp, layers })}`
}
