# Stands in for the installed package: the targets exist in this build already.
foreach(component IN LISTS libresp_FIND_COMPONENTS)
    if(NOT TARGET libresp::${component})
        set(libresp_FOUND FALSE)
    endif()
endforeach()
