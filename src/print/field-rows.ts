/** Fields of TCP packets as `tshark -T fields`, `json` and `ek` write them. */

import type { Packet } from '../dissect/packet.ts'
import type { FieldKind } from '../flows/field.ts'
import { type Field, type FieldValue, fieldText, type TcpView } from '../flows/fields.ts'
import { dateText, isoText } from './tcpdump-time.ts'

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

/** A value within layers: as a string in `-T json`; `-T ek` has three types more. */
type LayerValue = string | boolean | null

/** Fields in layers: the word before the first point of their names. */
function layersOf(
  fields: Fields,
  names: readonly string[],
  view: TcpView,
  rename: (layer: string, name: string) => string,
  shown: (kind: FieldKind, value: FieldValue) => LayerValue,
): Record<string, Record<string, LayerValue | LayerValue[]>> {
  const layers: Record<string, Record<string, LayerValue | LayerValue[]>> = {}
  for (const name of names) {
    const { kind, read } = fields[name]!
    const values = listOf(read(view)).map((value) => shown(kind, value))
    if (values.length === 0) continue
    const layer = layerOf(name, view)
    layers[layer] ??= {}
    layers[layer][rename(layer, name)] = values.length === 1 ? values[0]! : values
  }
  return layers
}

/** Of IPv6 the version stands there under two names. */
const layerOf = (name: string, { packet }: TcpView): string =>
  name === 'ip.version' && packet.version === 6 ? 'ipv6' : name.slice(0, name.indexOf('.'))

/** What has no value is an empty string; octets stand apart here, unlike in rows. */
function jsonValue(kind: FieldKind, value: FieldValue): string {
  if (kind === 'flag') return ''
  const text = fieldText(kind, value)
  return kind === 'octets' ? text.replace(/..(?=.)/g, '$&:') : text
}

/** Whole options of TCP count as protocols at tshark, and a layer's name stands before those of its fields alone. */
const isOption = (fields: Fields, name: string): boolean =>
  fields[name]!.kind === 'octets' && /^tcp\.options\.\w+$/.test(name)

function ekValue(kind: FieldKind, value: FieldValue, { seconds, nanoseconds }: Packet): LayerValue {
  if (kind === 'flag') return null
  if (kind === 'boolean') return value !== 0
  if (kind === 'date') return isoText(seconds, nanoseconds)
  return jsonValue(kind, value)
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
    : layersOf(fields, names, view, (_, name) => name, jsonValue)
  const packet = { _index: indexName(view), _type: 'doc', _score: null, _source: { layers } }
  return JSON.stringify(packet, null, 2).replace(/^/gm, '  ')
}

/** Two lines for Elasticsearch's bulk interface; points become underscores, and the layer stands before each name. */
export function ekLines(fields: Fields, names: readonly string[], isNamed: boolean, view: TcpView): string {
  const flat = (name: string): string => name.replaceAll('.', '_')
  const layers = isNamed
    ? namedLists(fields, names, view, flat)
    : layersOf(
        fields,
        names,
        view,
        (layer, name) => (isOption(fields, name) ? flat(name) : `${layer}_${flat(name)}`),
        (kind, value) => ekValue(kind, value, view.packet),
      )
  const { seconds, nanoseconds } = view.packet
  const timestamp = String(seconds * 1000 + Math.floor(nanoseconds / 1_000_000))
  const index = JSON.stringify({ index: { _index: indexName(view), _type: 'doc' } })
  return `${index}\n${JSON.stringify({ timestamp, layers })}`
}
