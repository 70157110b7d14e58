/**
 * How pictures look: fonts, and colours by role as custom properties, for light and dark. The hues are those of Okabe
 * and Ito, which people with any kind of colour vision tell apart; nothing is told by colour alone.
 */

export const FIXED_FONT =
  "ui-monospace,'SFMono-Regular',Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace"
export const WORDS_FONT = "'Helvetica Neue',Helvetica,Arial,'Liberation Sans','DejaVu Sans',sans-serif"

/** Sizes in pixels, for layouts that have to know how much room words take. */
export const SIZES = { label: 12, small: 11, words: 13, heading: 14, title: 18 } as const

/** Colours by role: `var(--data)` and so on in any style sheet that stands beside this one. */
export const LIGHT = {
  paper: '#ffffff',
  ink: '#1b1f24',
  dim: '#57606a',
  faint: '#d0d7de',
  panel: '#f3f5f8',
  /** From the left host to the right one, and back. */
  rightward: '#0061a1',
  leftward: '#9a4a00',
  good: '#00684a',
  bad: '#b3261e',
  warn: '#7a5c00',
  accent: '#8a3b77',
  state: '#00684a',
} as const

const DARK: Record<keyof typeof LIGHT, string> = {
  paper: '#0d1117',
  ink: '#e6edf3',
  dim: '#9da7b3',
  faint: '#30363d',
  panel: '#161b22',
  rightward: '#6cb6ff',
  leftward: '#f0a35e',
  good: '#3fc795',
  bad: '#ff8a80',
  warn: '#e8c547',
  accent: '#e3a1d3',
  state: '#3fc795',
}

export type Role = keyof typeof LIGHT

/** Which colours: as the reader's system says (and light on paper), or one of the two whatever it says. */
export type Scheme = 'auto' | 'light' | 'dark'

/**
 * The custom properties, for `selector` (':root' of a page, 'svg' of a picture that may stand in one). A page may
 * override the reader's system by `data-scheme="light"` or "dark" on its root element.
 */
export function themeStyle(selector = 'svg', scheme: Scheme = 'auto'): string {
  if (scheme !== 'auto')
    return `${selector}{${properties(scheme === 'dark' ? DARK : LIGHT)};color-scheme:${scheme}}`
  const dark = properties(DARK)
  return (
    `${selector}{${properties(LIGHT)};color-scheme:light dark}` +
    `@media screen and (prefers-color-scheme:dark){${selector}{${dark}}}` +
    `@media screen{:root[data-scheme=light] ${selector},:root[data-scheme=light]{${properties(LIGHT)};color-scheme:light}` +
    `:root[data-scheme=dark] ${selector},:root[data-scheme=dark]{${dark};color-scheme:dark}}`
  )
}

function properties(colours: Readonly<Record<Role, string>>): string {
  return Object.entries(colours)
    .map(([role, colour]) => `--${role}:${colour}`)
    .join(';')
}

/** What every picture has: words, axes. */
export const BASE_STYLE =
  `svg{background:var(--paper);fill:var(--ink);font:${SIZES.label}px ${FIXED_FONT}}` +
  `.words,.axis-label,.title,.heading{font-family:${WORDS_FONT}}` +
  `.title{font-size:${SIZES.title}px;font-weight:bold}.heading{font-size:${SIZES.heading}px;font-weight:bold}` +
  `.words,.axis-label{font-size:${SIZES.words}px}.tick{font-size:${SIZES.small}px;fill:var(--dim)}` +
  '.grid{stroke:var(--faint);stroke-width:.5;fill:none}.axis-line{stroke:var(--dim);fill:none}'
