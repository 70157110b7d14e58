/**
 * The sequence diagram: one connection as a picture, application, socket and network of both hosts side by side, time
 * going down to scale. It is drawn from events and from nothing else, and the same events give the same picture.
 */

import type { TraceEvent } from '../../trace/events.ts'
import { drawSequence } from './draw.ts'
import { layoutSequence } from './layout.ts'
import type { SequenceOptions } from './options.ts'

/** @returns a whole SVG file. Where there is nothing to draw, it says so and says what there is. */
export function sequenceDiagram(events: readonly TraceEvent[], options: SequenceOptions = {}): string {
  return drawSequence(layoutSequence(events, options), options.scheme ?? 'auto')
}
