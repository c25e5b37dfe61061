import type { IncomingMessage } from 'node:http'

type Message = Pick<IncomingMessage, 'headers' | 'rawHeaders'>

/**
 * Removes a header of a request. Some proxies pass on `headers`, others `rawHeaders`, such as those
 * that make a `Request` of the Fetch API.
 */
export function removeHeader({ headers, rawHeaders }: Message, name: string): void {
  delete headers[name]
  for (let index = rawHeaders.length - 2; index >= 0; index -= 2) {
    if (rawHeaders[index]?.toLowerCase() === name) rawHeaders.splice(index, 2)
  }
}

/** Gives a header of a request this value alone. */
export function replaceHeader(request: Message, name: string, value: string): void {
  removeHeader(request, name)
  request.headers[name] = value
  request.rawHeaders.push(name, value)
}
