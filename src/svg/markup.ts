/** SVG as text: elements, attributes, numbers. Every picture is written through this file, so nothing goes unescaped. */

export type AttributeValue = string | number | undefined
export type Attributes = Readonly<Record<string, AttributeValue>>

/**
 * An element with its children, which are markup already (see `text` for words). Attributes that are undefined are left
 * out; numbers have at most two decimals.
 */
export function element(name: string, attributes: Attributes = {}, ...children: readonly string[]): string {
  let open = `<${name}`
  for (const key in attributes) {
    const value = attributes[key]
    if (value === undefined) continue
    open += ` ${key}="${typeof value === 'number' ? decimal(value) : escaped(value)}"`
  }
  return children.length === 0 ? `${open}/>` : `${open}>${children.join('')}</${name}>`
}

/** Words at a place. `extra` may hold 'text-anchor', 'class' and the like. */
export function textAt(x: number, y: number, words: string, extra: Attributes = {}): string {
  return element('text', { x, y, ...extra }, escaped(words))
}

/** A number as short as two decimals allow: '3', '0.5', '-1.25'. */
export function decimal(value: number): string {
  const rounded = Math.round(value * 100) / 100
  // Minus zero would be written '0' anyway; what is not finite would break the picture silently.
  if (!Number.isFinite(rounded)) throw new RangeError(`${value} cannot be drawn`)
  return String(rounded)
}

/** Words as they may stand in markup and in attributes. Characters that XML does not allow become U+FFFD. */
export function escaped(words: string): string {
  if (!NEEDS_ESCAPE.test(words)) return words
  return words.replace(FORBIDDEN, '\uFFFD').replace(SPECIAL, (character) => ENTITIES[character]!)
}

const SPECIAL = /[&<>"']/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 forbids
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Surrogate}/gu
const NEEDS_ESCAPE = new RegExp(`${SPECIAL.source}|${FORBIDDEN.source}`, 'u')
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export interface Picture {
  /** In pixels, as the picture is meant to be looked at; it scales. */
  readonly width: number
  readonly height: number
  /** What it shows, in a few words: the accessible name. */
  readonly title: string
  /** The same in a sentence or two, for who cannot see it. */
  readonly description: string
  /** Style sheet, from theme.ts. */
  readonly style: string
  /** 'img' (default): a whole, which is what a screen reader tells of; 'group': it has parts to be read one by one. */
  readonly role?: 'img' | 'group'
  /** Markup. */
  readonly body: string
}

/** A whole SVG file, which needs nothing beside it. */
export function picture({ width, height, title, description, style, role = 'img', body }: Picture): string {
  const name = element('title', { id: 'title' }, escaped(title))
  const about = element('desc', { id: 'description' }, escaped(description))
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${decimal(width)} ${decimal(height)}`,
    width,
    height,
    role,
    'aria-labelledby': 'title description',
  }
  // A style sheet has no entities in HTML and '<' nowhere.
  return `${element('svg', attributes, name, about, `<style>${style}</style>`, body)}\n`
}
