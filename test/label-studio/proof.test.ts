import { describeProof } from '../adapters/label-studio/proof.js'
import { release, startLabelStudio } from '../support/label-studio-server.js'

describeProof(`the product in front of Label Studio Community ${release}`, startLabelStudio)
