import { describeFormerCredentials } from '../adapters/label-studio/former-credentials.js'
import { startLabelStudio } from '../support/label-studio-server.js'

describeFormerCredentials('what a deleted person has left in Community 1.23.2', startLabelStudio)
