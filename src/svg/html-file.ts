/** What stands around every page that Elko writes: one HTML file that needs nothing beside it and asks for nothing. */

import { escaped } from './markup.ts'
import { type Scheme, themeStyle } from './theme.ts'

export interface HtmlFile {
  readonly title: string
  /** Beside that of the theme. */
  readonly style: string
  readonly scheme?: Scheme
  /** Markup of the body, without its script. */
  readonly body: readonly string[]
  /** Over HTTP, too, where browsers would ask for an icon. Default false. */
  readonly isServed?: boolean
  /** Runs when the body stands; without one the page's policy allows none. */
  readonly script?: string
}

/** The id of the page's style sheet, for scripts that write the page anew. */
export const PAGE_STYLE_ID = 'page-style'

/** Nothing is loaded, from anywhere; links are for readers to follow. */
const STILL = "default-src 'none'; style-src 'unsafe-inline'"
const SCRIPTED = `${STILL}; script-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'`

/** @throws RangeError where the script would end its own element. */
export function htmlFile({
  title,
  style,
  scheme = 'auto',
  body,
  isServed = false,
  script,
}: HtmlFile): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="${script === undefined ? STILL : SCRIPTED}">`,
    '<meta name="generator" content="Elko">',
    `<title>${escaped(title)}</title>`,
    ...(isServed ? ['<link rel="icon" href="data:,">'] : []),
    `<style id="${PAGE_STYLE_ID}">${themeStyle(':root', scheme)}${style}</style>`,
    '</head>',
    '<body>',
    ...body,
    ...(script === undefined ? [] : [`<script>${inlineScript(script)}</script>`]),
    '</body>',
    '</html>',
    '',
  ].join('\n')
}

/**
 * JSON as it may stand in a script element: no character sequence in it ends the element or begins a comment.
 * @throws TypeError where the value has no JSON.
 */
export function inlineJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c')
}

/** @throws RangeError where the script would end its element: scripts/build-pages.mjs writes none that does. */
export function inlineScript(script: string): string {
  if (/<\/script|<!--/i.test(script))
    throw new RangeError('a script that ends its own element cannot be inlined')
  return script
}
