import { memoryAdapters } from '../../adapters/memory/index.js'
import { UnavailableError } from '../../lib/stores/index.js'
import { serve } from './server.js'

const reason = 'Label Studio is not available.'
const hidden = 'The service provider cannot do this now. Try again later.'

it('tells the log, and no client, why a store cannot answer', async () => {
  const adapters = memoryAdapters()
  const down = () =>
    Promise.reject(
      new UnavailableError('The host could not do it.', { cause: new UnavailableError(reason) }),
    )
  const scim = await serve({
    ...adapters,
    users: { ...adapters.users, create: down, get: down, getMany: down },
  })
  const answers = [
    await scim.post('/Users', { schemas: [], userName: 'ines' }),
    await scim.get('/Users/1'),
  ]
  expect(answers.map(({ status, body }) => [status, body.detail])).toEqual([
    [503, hidden],
    [503, hidden],
  ])
  const told = scim.events.filter(({ event }) => event === 'request.failed')
  expect(told.map(({ detail }) => detail)).toEqual([
    `POST: ${hidden} The host could not do it. ${reason}`,
    `${hidden} The host could not do it. ${reason}`,
  ])
})
