/** How a sequence diagram looks. The sizes are those of `labels.ts`. */

import { BASE_STYLE, type Scheme, SIZES, themeStyle, WORDS_FONT } from '../../svg/theme.ts'

/** Without the colours, which a page has for all its pictures. */
export const SEQUENCE_STYLE =
  `.title,.words,.banner,.host,.head,.legend,.heading,.remark,.fold{font-family:${WORDS_FONT}}` +
  `.banner{font-size:${SIZES.words}px}.host{font-size:${SIZES.heading}px;font-weight:bold}` +
  `.head,.legend{font-size:${SIZES.small}px;fill:var(--dim)}.remark{fill:var(--dim)}` +
  `.time,.mark,.state,.call,.note,.bad,.gap{font-size:${SIZES.small}px}.time,.note,.gap{fill:var(--dim)}` +
  '.strong{font-weight:bold}.reason{fill:var(--dim)}.bad{fill:var(--bad)}.remark .strong{fill:var(--ink)}' +
  '.call{fill:var(--accent)}.state{font-weight:bold}.right .message .strong{fill:var(--rightward)}.left .message .strong{fill:var(--leftward)}' +
  '.back{fill:var(--paper);fill-opacity:.86}.panel{fill:var(--panel)}.heads{fill:var(--paper);stroke:var(--faint);stroke-width:1}.rule{stroke:var(--dim);stroke-width:1}' +
  '.state-box{fill:var(--paper);stroke:var(--state);stroke-width:1.4}.state-box.closed{stroke:var(--dim)}' +
  '.state-box.opening{stroke:var(--warn)}.state-box.closing{stroke:var(--accent)}' +
  '.application{stroke:var(--faint);stroke-width:1.2}.socket{stroke-width:5}.socket.open{stroke:var(--state)}' +
  '.socket.opening{stroke:var(--warn)}.socket.closing{stroke:var(--accent)}' +
  '.socket.closed{stroke:var(--dim);stroke-width:1.2;stroke-dasharray:2 4}.socket.unknown{stroke:var(--faint);stroke-width:2}' +
  '.inferred{stroke-dasharray:4 2.5}.socket.inferred{stroke-width:4;stroke-dasharray:10 3}.socket.closed.inferred{stroke-width:1.2;stroke-dasharray:2 4}' +
  '.network{stroke:var(--faint);stroke-width:1.2;stroke-dasharray:7 4}' +
  '.line{fill:none;stroke-width:1.6}.right .line{stroke:var(--rightward)}.left .line{stroke:var(--leftward)}' +
  '.right .tip{fill:var(--rightward)}.left .tip{fill:var(--leftward)}.dashed{stroke-dasharray:5 4}.again .line{stroke-width:2.6}' +
  '.cross{stroke:var(--bad);stroke-width:2.4;fill:none}.call-line{stroke:var(--accent);stroke-width:1.1;fill:none}' +
  '.call-tip{fill:var(--accent)}.bar{fill:var(--paper);stroke:var(--accent);stroke-width:1.2}' +
  '.timer{stroke:var(--warn);stroke-width:2;fill:none}.timer.stopped{stroke-dasharray:3 2}.timer-end{fill:var(--warn)}' +
  '.axis-line{stroke:var(--dim);stroke-width:1;fill:none}.instant{fill:var(--faint)}.leader{stroke:var(--faint);fill:none}' +
  '.gap-band{fill:var(--panel);fill-opacity:.85}.cap{stroke:var(--dim);stroke-width:2}.gap-line{stroke:var(--dim);stroke-dasharray:1 4;fill:none}' +
  '.banner-box{fill:var(--panel)}.banner-side{fill:var(--good)}.banner-side.slow{fill:var(--warn)}.banner-side.ill{fill:var(--bad)}' +
  '.hit{stroke:transparent;stroke-width:11;fill:none;pointer-events:stroke}.fold-box{fill:var(--panel);stroke:var(--dim)}' +
  '.fold-bars.right{fill:var(--rightward)}.fold-bars.left{fill:var(--leftward)}.fold .strong{fill:var(--ink)}' +
  '[data-fold]{cursor:pointer}'

export function sequenceStyle(scheme: Scheme): string {
  return themeStyle('svg', scheme) + BASE_STYLE + SEQUENCE_STYLE
}
