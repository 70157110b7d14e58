/** A picture as an HTML file that needs nothing beside it: no script, and a policy that allows none. */

import { escaped } from '../svg/markup.ts'
import { type Scheme, themeStyle } from '../svg/theme.ts'

const STYLE =
  'body{margin:0;background:var(--paper)}svg{display:block;max-width:100%;height:auto;margin:0 auto}'

/** @param svg a whole SVG file. */
export function stillPage(title: string, svg: string, scheme: Scheme): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>${escaped(title)}</title>`,
    `<style>${themeStyle(':root', scheme)}${STYLE}</style>`,
    '</head>',
    `<body><main>${svg}</main></body>`,
    '</html>',
    '',
  ].join('\n')
}
