import { buildHost } from '../host/start-host.js'
import { installLabelStudio } from '../support/label-studio-server.js'
import { type PythonEnvironment, pythonEnvironment } from '../support/python-environment.js'
import { installJavaClient } from './java-client.js'

/** Canaille 0.3.6 cannot be imported with newer versions of the two SCIM packages. */
const canailleAndOld = [
  'canaille[front,oidc,scim,server,sqlite]==0.3.6',
  'scim2-client==0.7.5',
  'scim2-models==0.6.12',
]

export const canaille = (): Promise<PythonEnvironment> =>
  pythonEnvironment('canaille', canailleAndOld.join(' '))

export const scimSanity = (): Promise<PythonEnvironment> =>
  pythonEnvironment('scim-sanity', 'scim-sanity==0.7.4')

/** One after the other: they share what Maven has fetched. */
async function installJavaClients(): Promise<void> {
  for (const name of ['connid', 'scim-sdk', 'unboundid']) await installJavaClient(name)
}

/**
 * Everything that the tests of this folder start, all at once: most of it is waiting for a
 * registry.
 */
export async function installAll(): Promise<void> {
  await Promise.all([
    buildHost(),
    installLabelStudio(),
    canaille(),
    scimSanity(),
    installJavaClients(),
  ])
}
