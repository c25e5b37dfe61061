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

/** Removes repetitions of a header of which Node takes the first: nobody is to read another one. */
export function removeRepeated({ headers, rawHeaders }: Message): void {
  const first = new Map<string, string | undefined>()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? ''
    if (!first.has(name)) first.set(name, rawHeaders[index + 1])
    else if (headers[name] === first.get(name)) {
      rawHeaders.splice(index, 2)
      index -= 2
    }
  }
}
