"""The samples of the Cloud Healthcare API's page on DICOMweb, as their clients send them."""
