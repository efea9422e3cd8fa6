"""The one door by which a server's octets become values: JSON, XML, DICOM files, pixels, pictures.

Whatever pydicom, lxml, Pillow or json stumble over leaves here as an UnreadableError with its place, nothing is read
later than at the door, and no warning of theirs gets out.
"""
