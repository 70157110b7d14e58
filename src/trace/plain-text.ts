/** Texts that strangers wrote. */

/** Whether it can be shown as it is: it is a text, breaks no line and says nothing to a terminal. */
export function isPlainText(text: unknown): text is string {
  return typeof text === 'string' && !/\p{Cc}/u.test(text)
}
