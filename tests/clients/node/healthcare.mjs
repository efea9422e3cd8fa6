// The page's samples for Node.js, with Google's own client.
import { createReadStream } from "node:fs";
import { healthcare } from "@googleapis/healthcare";

const [url, file, study, series, instance] = process.argv.slice(2);
const [, rootUrl, parent] = url.match(/^(.*\/)v1\/(.*)\/dicomWeb$/);
const stores = healthcare({ version: "v1", rootUrl }).projects.locations.datasets.dicomStores;
const instances = stores.studies.series.instances;
const path = `studies/${study}/series/${series}/instances/${instance}`;
const asked = (dicomWebPath) => ({ parent, dicomWebPath });
const accepting = (Accept, type) => ({ headers: { Accept }, ...(type && { responseType: type }) });
const json = async (answer) => JSON.parse(await answer.data.text());

await stores.storeInstances(
  { ...asked("studies"), requestBody: createReadStream(file) },
  { headers: { "Content-Type": "application/dicom", Accept: "application/dicom+json" } },
);
const all = await stores.searchForInstances(asked("instances"), accepting("application/dicom+json,multipart/related"));
const named = await stores.searchForStudies(asked("studies?PatientName=Sally%20Zhang"), accepting("application/dicom+json"));
const whole = "multipart/related; type=application/dicom; transfer-syntax=*";
const ofStudy = await stores.studies.retrieveStudy(asked(`studies/${study}`), accepting(whole, "arraybuffer"));
const one = await instances.retrieveInstance(asked(path), accepting("application/dicom; transfer-syntax=*", "arraybuffer"));
const picture = await instances.retrieveRendered(asked(`${path}/rendered`), accepting("image/png", "arraybuffer"));
const metadata = await instances.retrieveMetadata(asked(`${path}/metadata`));
const deleted = await stores.studies.delete(asked(`studies/${study}`));
console.log(
  JSON.stringify({
    instances: (await json(all)).map((row) => row["00080018"].Value[0]),
    studies: (await json(named)).map((row) => row["0020000D"].Value[0]),
    ofStudy: ofStudy.data.byteLength,
    instance: one.data.byteLength,
    picture: [...new Uint8Array(picture.data.slice(0, 4))],
    metadata: (await json(metadata)).map((row) => row["00080018"].Value[0]),
    deleted: deleted.data,
  }),
);
