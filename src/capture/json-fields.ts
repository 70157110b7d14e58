/** Fields of a packet in tshark's JSON: `tcp.srcport` in the layer `tcp`, which -T ek calls `tcp_tcp_srcport`. */

import { hexOctets } from './text-options.ts'

type JsonObject = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export class JsonFields {
  readonly layers: JsonObject

  constructor(layers: JsonObject) {
    this.layers = layers
  }

  /** A layer that stands there several times, as in a tunnel, is the innermost. */
  #layer(name: string): JsonObject | null {
    const value = this.layers[name]
    const one = Array.isArray(value) ? value.at(-1) : value
    return isObject(one) ? one : null
  }

  has(layer: string): boolean {
    return this.#layer(layer) !== null
  }

  /** null where there is none. @param within a tree of the layer, such as "frame.interface_id_tree". */
  text(name: string, within?: string): string | null {
    const layerName = name.slice(0, name.indexOf('.'))
    const layer = this.#layer(layerName)
    if (layer === null) return null
    const ek = layer[`${layerName}_${name.replaceAll('.', '_')}`]
    const tree = within === undefined ? null : layer[within]
    const value = layer[name] ?? ek ?? (isObject(tree) ? tree[name] : undefined)
    const one = Array.isArray(value) ? value[0] : value
    return typeof one === 'string' ? one : typeof one === 'boolean' ? (one ? '1' : '0') : null
  }

  /** A number written in decimal or as 0x...; null where there is none within bounds. */
  number(name: string, most: number, within?: string): number | null {
    const text = this.text(name, within)
    const value = text === null || text === '' ? Number.NaN : Number(text)
    return Number.isInteger(value) && value >= 0 && value <= most ? value : null
  }

  /** Octets written as aa:bb:cc. */
  octets(name: string): Uint8Array | null {
    const text = this.text(name)
    const octets = text === null ? null : hexOctets(text.replaceAll(':', ''))
    return octets === null ? null : Uint8Array.from(octets)
  }

  /** The octets of the frame, where -x or -T jsonraw wrote them. */
  frame(): Uint8Array | null {
    let raw = this.layers.frame_raw
    while (Array.isArray(raw)) raw = raw[0]
    const octets = typeof raw === 'string' ? hexOctets(raw) : null
    return octets === null ? null : Uint8Array.from(octets)
  }
}
