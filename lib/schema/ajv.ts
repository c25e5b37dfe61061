import { Ajv } from 'ajv'

/**
 * Compiles the schemas of messages. They are constants of this library, so they are not checked
 * against the schema of schemas, whose compilation takes longer than everything else at import.
 */
export const ajv = new Ajv({ meta: false, validateSchema: false })
